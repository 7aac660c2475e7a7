// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

interface IPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
    function swap(address recipient, bool zeroForOne, int256 amount, uint160 limit, bytes calldata data)
        external
        returns (int256, int256);
}

interface IPaid {
    function transfer(address to, uint256 amount) external returns (bool);
}

/// Swaps at a Uniswap v3 pool itself, so that its price limit and its refusals are seen; pays with what it holds.
contract Swapper {
    function swap(IPool pool, bool zeroForOne, int256 amount, uint160 limit) external {
        pool.swap(address(this), zeroForOne, amount, limit, "");
    }

    function uniswapV3SwapCallback(int256 owed0, int256 owed1, bytes calldata) external {
        if (owed0 > 0) IPaid(IPool(msg.sender).token0()).transfer(msg.sender, uint256(owed0));
        if (owed1 > 0) IPaid(IPool(msg.sender).token1()).transfer(msg.sender, uint256(owed1));
    }
}
