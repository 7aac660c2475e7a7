// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// What Morpho Blue asks for a price, with an answer anyone may set.
contract MorphoOracle {
    uint256 private _price;
    bool private _reverting;

    constructor(uint256 price_) {
        _price = price_;
    }

    function set(uint256 price_) external {
        _price = price_;
    }

    function setReverting(bool reverting) external {
        _reverting = reverting;
    }

    function price() external view returns (uint256) {
        require(!_reverting, "oracle is down");
        return _price;
    }
}
