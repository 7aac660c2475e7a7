// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {ERC20, IERC20} from "openzeppelin-contracts/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "openzeppelin-contracts/contracts/token/ERC20/extensions/ERC4626.sol";

/// OpenZeppelin's vault as it is; its tokens are minted to it, so that shares grow.
contract Vault is ERC4626 {
    constructor(IERC20 asset_, string memory symbol_) ERC20(symbol_, symbol_) ERC4626(asset_) {}

    /// Shares without a deposit, for a holder that the test needs.
    function give(address to, uint256 shares) external {
        _mint(to, shares);
    }
}

/// Answers as a wrapped staked token does: shares of a pot of ether, rounded down.
contract WrappedStake is ERC20 {
    address public immutable stETH;
    uint256 public pot;
    uint256 public shares;

    constructor(address staked, uint256 pot_, uint256 shares_) ERC20("Wrapped stake", "wstETH") {
        stETH = staked;
        pot = pot_;
        shares = shares_;
    }

    function give(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function getStETHByWstETH(uint256 amount) public view returns (uint256) {
        return (amount * pot) / shares;
    }

    function stEthPerToken() external view returns (uint256) {
        return getStETHByWstETH(1e18);
    }
}

/// A proxy that acts for one owner, as far as reading goes.
contract OwnedProxy {
    address public owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function setOwner(address owner_) external {
        require(msg.sender == owner);
        owner = owner_;
    }
}

/// Which proxy was built for whom.
contract ProxyRegistry {
    mapping(address => address) public proxies;

    function build(address owner) external {
        proxies[owner] = address(new OwnedProxy(owner));
    }
}
