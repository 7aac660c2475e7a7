// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {Math} from "openzeppelin-contracts/contracts/utils/math/Math.sol";

interface IRounds {
    function decimals() external view returns (uint8);
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

interface IShares {
    function convertToAssets(uint256 shares) external view returns (uint256);
}

/// One side: a vault and two feeds, of which each may be nobody, and then is one.
struct Side {
    IShares vault;
    uint256 sample;
    IRounds feed1;
    IRounds feed2;
    uint256 tokenDecimals;
}

/// What collateral is worth in the loan token, times 1e36: facts of MorphoChainlinkOracleV2
/// (morpho-org/morpho-blue-oracles).
contract ChainedFeeds {
    IShares public immutable BASE_VAULT;
    uint256 public immutable BASE_VAULT_CONVERSION_SAMPLE;
    IShares public immutable QUOTE_VAULT;
    uint256 public immutable QUOTE_VAULT_CONVERSION_SAMPLE;
    IRounds public immutable BASE_FEED_1;
    IRounds public immutable BASE_FEED_2;
    IRounds public immutable QUOTE_FEED_1;
    IRounds public immutable QUOTE_FEED_2;
    uint256 public immutable SCALE_FACTOR;

    constructor(Side memory base, Side memory quote) {
        BASE_VAULT = base.vault;
        BASE_VAULT_CONVERSION_SAMPLE = base.sample;
        QUOTE_VAULT = quote.vault;
        QUOTE_VAULT_CONVERSION_SAMPLE = quote.sample;
        (BASE_FEED_1, BASE_FEED_2) = (base.feed1, base.feed2);
        (QUOTE_FEED_1, QUOTE_FEED_2) = (quote.feed1, quote.feed2);
        SCALE_FACTOR = ((10 ** (36 + digits(quote) - digits(base))) * quote.sample) / base.sample;
    }

    function digits(Side memory side) private view returns (uint256 sum) {
        sum = side.tokenDecimals;
        if (address(side.feed1) != address(0)) sum += side.feed1.decimals();
        if (address(side.feed2) != address(0)) sum += side.feed2.decimals();
    }

    function price() external view returns (uint256) {
        uint256 base = worth(BASE_VAULT, BASE_VAULT_CONVERSION_SAMPLE) * answer(BASE_FEED_1) * answer(BASE_FEED_2);
        uint256 quote = worth(QUOTE_VAULT, QUOTE_VAULT_CONVERSION_SAMPLE) * answer(QUOTE_FEED_1) * answer(QUOTE_FEED_2);
        return Math.mulDiv(SCALE_FACTOR, base, quote);
    }

    function worth(IShares vault, uint256 sample) private view returns (uint256) {
        return address(vault) == address(0) ? 1 : vault.convertToAssets(sample);
    }

    function answer(IRounds feed) private view returns (uint256) {
        if (address(feed) == address(0)) return 1;
        (, int256 said, , , ) = feed.latestRoundData();
        require(said >= 0, "negative");
        return uint256(said);
    }
}
