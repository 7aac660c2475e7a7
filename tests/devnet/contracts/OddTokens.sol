// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// Tokens whose balanceOf is not as the standard has it.
contract RevertingToken {
    function balanceOf(address) external pure returns (uint256) {
        revert("no balance today");
    }
}

/// Answers with 16 bytes.
contract ShortToken {
    fallback() external {
        assembly {
            mstore(0, not(0))
            return(0, 16)
        }
    }
}

/// Burns whatever gas it is given.
contract HungryToken {
    function balanceOf(address) external pure returns (uint256) {
        assembly {
            invalid()
        }
    }
}

/// Reverts with 100,000 bytes.
contract BombToken {
    fallback() external {
        assembly {
            revert(0, 100000)
        }
    }
}

/// Everyone holds the same.
contract EverybodyToken {
    uint256 public immutable balance;
    uint8 public constant decimals = 18;

    constructor(uint256 balance_) {
        balance = balance_;
    }

    function balanceOf(address) external view returns (uint256) {
        return balance;
    }
}

/// Answers with two words, of which the first is the balance.
contract TalkativeToken {
    uint8 public constant decimals = 18;

    function balanceOf(address) external pure returns (uint256, uint256) {
        return (42, 43);
    }
}

/// Hands every call to another contract, on its own storage.
contract ProxyToken {
    address private immutable implementation;

    constructor(address implementation_) {
        implementation = implementation_;
    }

    fallback() external {
        address to = implementation;
        assembly {
            calldatacopy(0, 0, calldatasize())
            let ok := delegatecall(gas(), to, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            if iszero(ok) {
                revert(0, returndatasize())
            }
            return(0, returndatasize())
        }
    }
}
