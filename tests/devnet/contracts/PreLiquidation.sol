// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// What a contract of morpho-org/pre-liquidation tells of itself, and nothing that it does.
contract PreLiquidation {
    struct Params {
        uint256 preLltv;
        uint256 preLCF1;
        uint256 preLCF2;
        uint256 preLIF1;
        uint256 preLIF2;
        address preLiquidationOracle;
    }

    address public immutable MORPHO;
    bytes32 public immutable ID;
    Params private _params;

    constructor(address morpho, bytes32 id, Params memory params) {
        MORPHO = morpho;
        ID = id;
        _params = params;
    }

    function preLiquidationParams() external view returns (Params memory) {
        return _params;
    }
}

/// The factory's event, without its checks.
contract PreLiquidationFactory {
    event CreatePreLiquidation(address indexed preLiquidation, bytes32 id, PreLiquidation.Params preLiquidationParams);

    address private immutable _morpho;

    constructor(address morpho) {
        _morpho = morpho;
    }

    function create(bytes32 id, PreLiquidation.Params calldata params) external {
        emit CreatePreLiquidation(address(new PreLiquidation(_morpho, id, params)), id, params);
    }
}
