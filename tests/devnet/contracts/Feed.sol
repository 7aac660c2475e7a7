// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// A price feed as Chainlink's proxies look from outside, with an answer anyone may set.
contract Feed {
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    uint8 public immutable decimals;
    string public description;

    int256 private _answer;
    uint256 private _updatedAt;
    uint80 private _round;
    bool private _reverting;

    constructor(string memory description_, uint8 decimals_, int256 answer_) {
        description = description_;
        decimals = decimals_;
        set(answer_);
    }

    function set(int256 answer_) public {
        setAt(answer_, block.timestamp);
    }

    /// For stale answers.
    function setAt(int256 answer_, uint256 updatedAt_) public {
        _answer = answer_;
        _updatedAt = updatedAt_;
        _round++;
        emit AnswerUpdated(answer_, _round, updatedAt_);
    }

    function setReverting(bool reverting) external {
        _reverting = reverting;
    }

    modifier answering() {
        require(!_reverting, "feed is down");
        _;
    }

    function latestAnswer() external view answering returns (int256) {
        return _answer;
    }

    function latestTimestamp() external view answering returns (uint256) {
        return _updatedAt;
    }

    function latestRoundData() external view answering returns (uint80, int256, uint256, uint256, uint80) {
        return (_round, _answer, _updatedAt, _updatedAt, _round);
    }
}
