// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

/// What consumers ask of a feed.
interface IAnswers {
    function decimals() external view returns (uint8);
    function latestAnswer() external view returns (int256);
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// Behind a proxy: keeps the median that reporters last sent. One outside the bounds is refused, so that the answer
/// stays as it was, as smartcontractkit/libocr OCR2Aggregator does.
contract Aggregator is IAnswers {
    uint8 public immutable decimals;
    int192 public immutable minAnswer;
    int192 public immutable maxAnswer;
    string public description;

    int192 private _answer;
    uint64 private _transmittedAt;
    uint32 private _round;

    constructor(string memory description_, uint8 decimals_, int192 min, int192 max, int192 median) {
        description = description_;
        decimals = decimals_;
        minAnswer = min;
        maxAnswer = max;
        transmit(median);
    }

    function transmit(int192 median) public {
        require(minAnswer <= median && median <= maxAnswer, "beyond the bounds");
        _answer = median;
        _transmittedAt = uint64(block.timestamp);
        _round++;
    }

    function latestAnswer() external view returns (int256) {
        return _answer;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (_round, _answer, _transmittedAt, _transmittedAt, _round);
    }
}

/// What protocols read: the aggregator of the day, in phases. It has no bounds of its own.
contract FeedProxy is IAnswers {
    uint16 public phaseId;
    Aggregator public aggregator;

    constructor(Aggregator first) {
        follow(first);
    }

    function follow(Aggregator next) public {
        aggregator = next;
        phaseId++;
    }

    function decimals() external view returns (uint8) {
        return aggregator.decimals();
    }

    function description() external view returns (string memory) {
        return aggregator.description();
    }

    function latestAnswer() external view returns (int256) {
        return aggregator.latestAnswer();
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        (uint80 round, int256 answer, uint256 startedAt, uint256 updatedAt, ) = aggregator.latestRoundData();
        uint80 inPhase = (uint80(phaseId) << 64) | round;
        return (inPhase, answer, startedAt, updatedAt, inPhase);
    }
}

/// The rate of a staked token.
contract StakeRate {
    int256 public rate;

    constructor(int256 rate_) {
        rate = rate_;
    }

    function set(int256 rate_) external {
        rate = rate_;
    }
}

/// Parameters and arithmetic of a capped ratio, as far as both generations agree. Facts: PriceCapAdapterBase of
/// bgd-labs/aave-capo and of aave-dao/aave-price-feeds. Anyone may set the parameters here, at any time.
abstract contract CappedRatio {
    uint256 internal constant YEAR = 365 days;

    IAnswers public immutable BASE_TO_USD_AGGREGATOR;
    address public immutable RATIO_PROVIDER;
    uint8 public immutable RATIO_DECIMALS;
    uint8 public immutable decimals;
    string public description;

    uint256 public getSnapshotRatio;
    uint256 public getSnapshotTimestamp;
    uint256 public getMaxYearlyGrowthRatePercent;

    constructor(string memory description_, IAnswers base, StakeRate provider, uint8 ratioDecimals) {
        description = description_;
        BASE_TO_USD_AGGREGATOR = base;
        RATIO_PROVIDER = address(provider);
        RATIO_DECIMALS = ratioDecimals;
        decimals = base.decimals();
    }

    function setCapParameters(uint256 ratio, uint256 time, uint256 yearlyBps) public {
        require(ratio != 0 && time <= block.timestamp);
        getSnapshotRatio = ratio;
        getSnapshotTimestamp = time;
        getMaxYearlyGrowthRatePercent = yearlyBps;
        keepGrowth();
    }

    function keepGrowth() internal virtual;
    function growthSinceSnapshot() internal view virtual returns (uint256);

    function getRatio() public view returns (int256) {
        return StakeRate(RATIO_PROVIDER).rate();
    }

    function isCapped() external view returns (bool) {
        return getRatio() > ratioMax();
    }

    function latestAnswer() external view returns (int256) {
        int256 ratio = getRatio();
        int256 base = BASE_TO_USD_AGGREGATOR.latestAnswer();
        if (base <= 0 || ratio <= 0) return 0;
        int256 cap = ratioMax();
        return (base * (cap < ratio ? cap : ratio)) / int256(10 ** RATIO_DECIMALS);
    }

    function ratioMax() private view returns (int256) {
        return int256(getSnapshotRatio + growthSinceSnapshot());
    }
}

/// Growth in whole units a second: what a year's percentage leaves of them is lost.
contract CappedRatioFirst is CappedRatio {
    uint256 public getMaxRatioGrowthPerSecond;

    constructor(string memory text, IAnswers base, StakeRate provider, uint8 ratioDecimals)
        CappedRatio(text, base, provider, ratioDecimals)
    {}

    function keepGrowth() internal override {
        getMaxRatioGrowthPerSecond = (getSnapshotRatio * getMaxYearlyGrowthRatePercent) / 1e4 / YEAR;
    }

    function growthSinceSnapshot() internal view override returns (uint256) {
        return getMaxRatioGrowthPerSecond * (block.timestamp - getSnapshotTimestamp);
    }
}

/// Growth in millionths of a unit a second.
contract CappedRatioSecond is CappedRatio {
    uint256 public getMaxRatioGrowthPerSecondScaled;

    constructor(string memory text, IAnswers base, StakeRate provider, uint8 ratioDecimals)
        CappedRatio(text, base, provider, ratioDecimals)
    {}

    function keepGrowth() internal override {
        getMaxRatioGrowthPerSecondScaled = (getSnapshotRatio * getMaxYearlyGrowthRatePercent * 1e6) / 1e4 / YEAR;
    }

    function getMaxRatioGrowthPerSecond() external view returns (uint256) {
        return getMaxRatioGrowthPerSecondScaled / 1e6;
    }

    function growthSinceSnapshot() internal view override returns (uint256) {
        return (getMaxRatioGrowthPerSecondScaled * (block.timestamp - getSnapshotTimestamp)) / 1e6;
    }
}

/// A price below a fixed cap, as PriceCapAdapterStable.
contract CappedPrice {
    IAnswers public immutable ASSET_TO_USD_AGGREGATOR;
    uint8 public immutable decimals;
    string public description;
    int256 public getPriceCap;

    constructor(string memory description_, IAnswers asset, int256 cap) {
        description = description_;
        ASSET_TO_USD_AGGREGATOR = asset;
        decimals = asset.decimals();
        setPriceCap(cap);
    }

    function setPriceCap(int256 cap) public {
        require(cap >= ASSET_TO_USD_AGGREGATOR.latestAnswer() && cap <= 2e8);
        getPriceCap = cap;
    }

    function isCapped() external view returns (bool) {
        return ASSET_TO_USD_AGGREGATOR.latestAnswer() > getPriceCap;
    }

    function latestAnswer() external view returns (int256) {
        int256 price = ASSET_TO_USD_AGGREGATOR.latestAnswer();
        if (price > getPriceCap) return getPriceCap;
        return price <= 0 ? int256(0) : price;
    }
}

/// A price below another one times a ratio, as EURPriceCapAdapterStable.
contract CappedByPrice {
    IAnswers public immutable ASSET_TO_USD_AGGREGATOR;
    IAnswers public immutable BASE_TO_USD_AGGREGATOR;
    uint8 public immutable RATIO_DECIMALS;
    uint8 public immutable decimals;
    string public description;
    int256 public getPriceCapRatio;

    constructor(string memory description_, IAnswers asset, IAnswers base, uint8 ratioDecimals, int256 ratio) {
        description = description_;
        ASSET_TO_USD_AGGREGATOR = asset;
        BASE_TO_USD_AGGREGATOR = base;
        RATIO_DECIMALS = ratioDecimals;
        decimals = asset.decimals();
        getPriceCapRatio = ratio;
    }

    function latestAnswer() external view returns (int256) {
        int256 price = ASSET_TO_USD_AGGREGATOR.latestAnswer();
        int256 cap = (BASE_TO_USD_AGGREGATOR.latestAnswer() * getPriceCapRatio) / int256(10 ** RATIO_DECIMALS);
        return price > cap ? cap : price;
    }
}

/// asset/peg times peg/base, as CLSynchronicityPriceAdapterPegToBase.
contract PegToBase {
    IAnswers public immutable PEG_TO_BASE;
    IAnswers public immutable ASSET_TO_PEG;
    uint8 public immutable DECIMALS;
    int256 public immutable DENOMINATOR;
    string public description;

    constructor(IAnswers peg, IAnswers asset, uint8 decimals_, string memory description_) {
        PEG_TO_BASE = peg;
        ASSET_TO_PEG = asset;
        DECIMALS = decimals_;
        DENOMINATOR = int256(10 ** (peg.decimals() + asset.decimals()));
        description = description_;
    }

    function decimals() external view returns (uint8) {
        return DECIMALS;
    }

    function latestAnswer() external view returns (int256) {
        int256 asset = ASSET_TO_PEG.latestAnswer();
        int256 peg = PEG_TO_BASE.latestAnswer();
        if (asset <= 0 || peg <= 0) return 0;
        return (asset * peg * int256(10 ** DECIMALS)) / DENOMINATOR;
    }
}

/// asset/peg over base/peg, as CLSynchronicityPriceAdapterBaseToPeg.
contract BaseToPeg {
    IAnswers public immutable BASE_TO_PEG;
    IAnswers public immutable ASSET_TO_PEG;
    uint8 public immutable DECIMALS;
    string public description;

    constructor(IAnswers base, IAnswers asset, uint8 decimals_, string memory description_) {
        require(base.decimals() == asset.decimals());
        BASE_TO_PEG = base;
        ASSET_TO_PEG = asset;
        DECIMALS = decimals_;
        description = description_;
    }

    function decimals() external view returns (uint8) {
        return DECIMALS;
    }

    function latestAnswer() external view returns (int256) {
        int256 asset = ASSET_TO_PEG.latestAnswer();
        int256 base = BASE_TO_PEG.latestAnswer();
        if (asset <= 0 || base <= 0) return 0;
        return (asset * int256(10 ** DECIMALS)) / base;
    }
}

/// A price less a discount that shrinks until maturity, as PendlePriceCapAdapter.
contract Discounted {
    uint256 private constant ONE = 1e18;

    IAnswers public immutable ASSET_TO_USD_AGGREGATOR;
    uint256 public immutable MATURITY;
    uint8 public immutable decimals;
    string public description;
    uint64 public discountRatePerYear;

    constructor(string memory description_, IAnswers asset, uint256 maturity, uint64 yearly) {
        description = description_;
        ASSET_TO_USD_AGGREGATOR = asset;
        MATURITY = maturity;
        decimals = asset.decimals();
        discountRatePerYear = yearly;
    }

    function getCurrentDiscount() public view returns (uint256) {
        uint256 left = MATURITY > block.timestamp ? MATURITY - block.timestamp : 0;
        return (left * discountRatePerYear) / 365 days;
    }

    function latestAnswer() external view returns (int256) {
        int256 price = ASSET_TO_USD_AGGREGATOR.latestAnswer();
        if (price <= 0) return 0;
        return int256((uint256(price) * (ONE - getCurrentDiscount())) / ONE);
    }
}

/// A number that its owner sets, as FixedPriceAdapter.
contract FixedPrice {
    uint8 public constant decimals = 8;
    string public description;
    int256 public price;

    constructor(string memory description_, int256 price_) {
        description = description_;
        price = price_;
    }

    function latestAnswer() external view returns (int256) {
        return price;
    }
}

/// One dollar for ever, as OneUSDFixedAdapter, which has rounds as well.
contract OneDollar {
    int256 public constant ONE_USD = 1e8;
    uint8 public constant decimals = 8;
    string public constant description = "ONE USD";

    function latestAnswer() public pure returns (int256) {
        return ONE_USD;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (0, ONE_USD, block.timestamp, block.timestamp, 0);
    }
}
