// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// A sequencer uptime feed: the answer is 0 while the sequencer is up, 1 while it is down.
contract SequencerFeed {
    uint8 public constant decimals = 0;
    string public constant description = "Devnet sequencer uptime";

    bool private _down;
    uint256 private _since;

    constructor(uint256 since) {
        set(false, since);
    }

    function set(bool down, uint256 since) public {
        _down = down;
        _since = since;
    }

    function latestAnswer() external view returns (int256) {
        return _down ? int256(1) : int256(0);
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (1, _down ? int256(1) : int256(0), _since, _since, 1);
    }
}
