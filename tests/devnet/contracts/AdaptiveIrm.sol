// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// An interest rate model that answers as Morpho's AdaptiveCurveIrm does, whose source is in no package: the rate at
/// target drifts by how far utilisation is from 90 %, and the rate is four times that at full utilisation and a quarter
/// of it at none. Rates are of one second, 1e18 is one.
contract AdaptiveIrm {
    struct Params {
        address loanToken;
        address collateralToken;
        address oracle;
        address irm;
        uint256 lltv;
    }

    struct Totals {
        uint128 supplyAssets;
        uint128 supplyShares;
        uint128 borrowAssets;
        uint128 borrowShares;
        uint128 lastUpdate;
        uint128 fee;
    }

    int256 private constant ONE = 1e18;
    int256 private constant YEAR = 365 days;
    int256 private constant TARGET = 0.9e18;
    int256 private constant STEEPNESS = 4e18;
    int256 private constant SPEED = 50e18 / YEAR;
    int256 private constant AT_FIRST = 0.04e18 / YEAR;
    int256 private constant LEAST = 0.001e18 / YEAR;
    int256 private constant MOST = 2e18 / YEAR;
    int256 private constant LN_2 = 0.693147180559945309e18;

    address private immutable _morpho;
    mapping(bytes32 => int256) public rateAtTarget;

    constructor(address morpho) {
        _morpho = morpho;
    }

    function borrowRate(Params memory params, Totals memory totals) external returns (uint256) {
        require(msg.sender == _morpho, "not morpho");
        (int256 rate, int256 end) = _rates(params, totals);
        rateAtTarget[keccak256(abi.encode(params))] = end;
        return uint256(rate);
    }

    function borrowRateView(Params memory params, Totals memory totals) external view returns (uint256) {
        (int256 rate,) = _rates(params, totals);
        return uint256(rate);
    }

    function _rates(Params memory params, Totals memory totals) private view returns (int256 rate, int256 end) {
        int256 distance = _distance(totals);
        int256 start = rateAtTarget[keccak256(abi.encode(params))];
        int256 average = AT_FIRST;
        end = AT_FIRST;
        if (start != 0) {
            int256 drift = _times(SPEED, distance) * int256(block.timestamp - totals.lastUpdate);
            end = _drifted(start, drift);
            average = drift == 0 ? start : (start + end + 2 * _drifted(start, drift / 2)) / 4;
        }
        int256 slope = distance < 0 ? ONE - ONE * ONE / STEEPNESS : STEEPNESS - ONE;
        rate = _times(_times(slope, distance) + ONE, average);
    }

    // Of utilisation from its target: -1 at none, 1 at full.
    function _distance(Totals memory totals) private pure returns (int256) {
        int256 used = totals.supplyAssets == 0
            ? int256(0)
            : int256(uint256(totals.borrowAssets) * 1e18 / uint256(totals.supplyAssets));
        return (used - TARGET) * ONE / (used > TARGET ? ONE - TARGET : TARGET);
    }

    function _drifted(int256 start, int256 drift) private pure returns (int256) {
        if (drift == 0) return start;
        int256 moved = _times(start, _exp(drift));
        return moved < LEAST ? LEAST : moved > MOST ? MOST : moved;
    }

    // Two terms around the nearest multiple of ln 2, far below none and far above a constant.
    function _exp(int256 x) private pure returns (int256) {
        if (x < -41.446531673892822312e18) return 0;
        if (x >= 93.859467695000404319e18) return 57716089161558943949701069502944508345128.422502756744429568e18;
        int256 doublings = (x + (x < 0 ? -(LN_2 / 2) : LN_2 / 2)) / LN_2;
        int256 rest = x - doublings * LN_2;
        int256 grown = ONE + rest + rest * rest / ONE / 2;
        return doublings < 0 ? grown >> uint256(-doublings) : grown << uint256(doublings);
    }

    function _times(int256 a, int256 b) private pure returns (int256) {
        return a * b / ONE;
    }
}
