// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// Balances anyone may mint. A trusted spender needs no approval, which saves a devnet half of its transactions.
abstract contract Ledger {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => bool) public trusted;

    function trust(address spender) external {
        trusted[spender] = true;
    }

    function mint(address to, uint256 amount) public {
        totalSupply += amount;
        balanceOf[to] += amount;
        emit Transfer(address(0), to, amount);
    }

    function mintMany(address[] calldata to, uint256[] calldata amounts) external {
        for (uint256 i = 0; i < to.length; i++) mint(to[i], amounts[i]);
    }

    function approve(address spender, uint256 amount) external returns (bool) {
        allowance[msg.sender][spender] = amount;
        emit Approval(msg.sender, spender, amount);
        return true;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        return _move(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) external returns (bool) {
        if (!trusted[msg.sender]) allowance[from][msg.sender] -= amount;
        return _move(from, to, amount);
    }

    function _move(address from, address to, uint256 amount) private returns (bool) {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
        emit Transfer(from, to, amount);
        return true;
    }
}

/// An ordinary token.
contract Token is Ledger {
    string public name;
    string public symbol;
    uint8 public immutable decimals;

    constructor(string memory symbol_, uint8 decimals_) {
        name = string.concat("Devnet ", symbol_);
        symbol = symbol_;
        decimals = decimals_;
    }
}

/// Name and symbol are bytes32, as in tokens older than the standard.
contract Bytes32Token is Ledger {
    bytes32 public name;
    bytes32 public symbol;
    uint8 public immutable decimals;

    constructor(bytes32 symbol_, uint8 decimals_) {
        name = symbol_;
        symbol = symbol_;
        decimals = decimals_;
    }
}

/// Has neither name, symbol nor decimals: the standard calls them optional.
contract BareToken is Ledger {}
