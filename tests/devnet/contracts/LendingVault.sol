// SPDX-License-Identifier: GPL-2.0-or-later
pragma solidity ^0.8.27;

import {Id, IMorpho, MarketParams} from "morpho-blue/interfaces/IMorpho.sol";
import {MorphoBalancesLib} from "morpho-blue/libraries/periphery/MorphoBalancesLib.sol";
import {ERC20, IERC20} from "openzeppelin-contracts/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "openzeppelin-contracts/contracts/token/ERC20/extensions/ERC4626.sol";

/// A vault that tells of itself what one of morpho-org/metamorpho does, over the real Morpho: no package has that
/// contract. Its total is what Morpho's own library says of its markets.
contract LendingVault is ERC4626 {
    using MorphoBalancesLib for IMorpho;

    IMorpho public immutable MORPHO;
    Id[] public withdrawQueue;

    constructor(IERC20 asset_, IMorpho morpho, Id[] memory queue) ERC20("Lending vault", "lvUSDC") ERC4626(asset_) {
        MORPHO = morpho;
        withdrawQueue = queue;
    }

    function withdrawQueueLength() external view returns (uint256) {
        return withdrawQueue.length;
    }

    function lent(uint256 place) public view returns (uint256) {
        return MORPHO.expectedSupplyAssets(MORPHO.idToMarketParams(withdrawQueue[place]), address(this));
    }

    function totalAssets() public view override returns (uint256 sum) {
        for (uint256 place; place < withdrawQueue.length; ++place) sum += lent(place);
    }

    /// Lends of what was sent here before.
    function lend(uint256 place, uint256 amount) external {
        IERC20(asset()).approve(address(MORPHO), amount);
        MORPHO.supply(MORPHO.idToMarketParams(withdrawQueue[place]), amount, 0, address(this), "");
    }

    function give(address to, uint256 shares) external {
        _mint(to, shares);
    }
}
