#include "adapters/aave_v3/liquidation.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "adapters/aave_v3/market.hpp"
#include "tests/adapters/aave_v3/builders.hpp"

using namespace margrave;
using namespace margrave::adapters::aave_v3;
using namespace margrave::test::aave_v3;
using margin::LiquidationCall;
using margin::Status;

namespace {

std::vector<std::string> all_behaviours() {
    std::vector<std::string> out;
    for (const Behaviour& behaviour : behaviours()) {
        out.emplace_back(behaviour.name);
    }
    return out;
}

constexpr unsigned kReserveFactorBit = 64;
constexpr unsigned kProtocolFeeBit = 152;
constexpr unsigned kDebtCeilingBit = 212;

/// The configuration with `bits` bits from `from` on replaced.
void set_field(Reserve& reserve, unsigned from, unsigned bits, std::uint64_t value) {
    const U256 mask = ((U256(1) << bits) - 1) << from;
    const U256 word = reserve.configuration.word();
    reserve.configuration = ReserveConfiguration((word - (word & mask)) | (U256(value) << from));
}

const U256 kUsdcUnit = 1'000'000;
const U256 kEther = core::wad();

/// pool() with a bonus of 5 % everywhere, no protocol fee, and plenty of everything.
State liquid_pool(const std::string& behaviour, std::uint64_t weth_dollars = 2000) {
    State state = pool(behaviour);
    for (auto& [id, reserve] : state.reserves) {
        set_field(reserve, kReserveFactorBit, 16, 1000);
        reserve.totals = ReserveTotals{.scaled_supply = U256(1'000'000'000) * kEther,
                                       .scaled_debt = U256(100'000'000) * kEther,
                                       .stable = {},
                                       .virtual_balance = {},
                                       .a_token_holding = U256(900'000'000) * kEther,
                                       .deficit = 0,
                                       .rates = {}};
        if (keeps_virtual_balance(*state.behaviour, reserve.configuration)) {
            reserve.totals->virtual_balance = reserve.totals->a_token_holding;
        }
    }
    state.reserves[kWeth].price->answer = U256(weth_dollars) * kDollar;
    return state;
}

/// 10 WETH against so many base units of USDC.
Account owing(const U256& usdc) {
    return AccountBuilder().collateral(kWeth, U256(10 * kEther)).debt(kUsdc, usdc).build();
}

LiquidationCall weth_for_usdc(const State& state, std::optional<U256> repay = std::nullopt) {
    LiquidationCall call;
    call.collateral = state.reserves.at(kWeth).asset;
    call.debt = state.reserves.at(kUsdc).asset;
    call.repay = std::move(repay);
    return call;
}

/// The name of the refusal; "" when the call is done.
std::string refusal(AaveMarket market, const LiquidationCall& call) {
    const auto done = market.liquidate(0, call);
    return done ? "" : done.error().reason;
}

const Balance* balance_in(const AaveMarket& market, unsigned id) {
    for (const Balance& balance : market.state().accounts[0].balances) {
        if (balance.reserve_id == id) {
            return &balance;
        }
    }
    return nullptr;
}

/// The tags whose liquidation amounts are the same.
std::vector<std::string> alike(const std::string& name) {
    if (name == "3.3") {
        return {"3.3", "3.4"};
    }
    return name == "3.5" ? std::vector<std::string>{"3.5", "3.6"} : std::vector{name};
}

bool has_dust_rule(const std::string& name) { return name >= "3.3"; }

}  // namespace

TEST_CASE("above a health factor of 0.95 half of the debt is repaid", "[aave_v3][liquidation]") {
    // 20,000 dollars at 80 % against 16,500: 0.9697. Half is 8250 dollars: 4.125 WETH and 5 % more
    // are 4.33125.
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        state.accounts.push_back(owing(U256(16'500) * kUsdcUnit));
        AaveMarket market(state);
        const auto done = market.liquidate(0, weth_for_usdc(state));
        REQUIRE(done);
        CHECK(done->repaid == 8250 * kUsdcUnit);
        CHECK(done->seized == U256("4331250000000000000"));
        CHECK(done->fee == 0);
        CHECK(done->bad_debt == 0);
        CHECK(done->deficits.empty());
        const auto legs = market.legs(0);
        REQUIRE(legs.size() == 2);
        CHECK(legs[0].amount == U256("5668750000000000000"));
        CHECK(legs[1].amount == U256(8250 * kUsdcUnit));
        // 5.66875 * 2000 * 0.8 / 8250 = 1.09939…
        CHECK(market.health(0).status == Status::Healthy);
        // The pool: what was repaid came in, what was seized went out.
        const ReserveTotals& usdc = *market.state().reserves.at(kUsdc).totals;
        const ReserveTotals& weth = *market.state().reserves.at(kWeth).totals;
        CHECK(usdc.scaled_debt == U256(100'000'000) * kEther - 8250 * kUsdcUnit);
        CHECK(usdc.a_token_holding == U256(900'000'000) * kEther + 8250 * kUsdcUnit);
        CHECK(weth.scaled_supply == U256(1'000'000'000) * kEther - done->seized);
        CHECK(weth.a_token_holding == U256(900'000'000) * kEther - done->seized);
        if (name >= "3.1") {
            CHECK(usdc.virtual_balance == usdc.a_token_holding);
            CHECK(weth.virtual_balance == weth.a_token_holding);
        }
    }
}

TEST_CASE("at a health factor of 0.95 all of it is, one unit above it half",
          "[aave_v3][liquidation][rounding]") {
    // 10 WETH at 1900 are 19,000, at 80 % 15,200; owed are 16,000: exactly 0.95.
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name, 1900);
        state.accounts.push_back(owing(U256(16'000) * kUsdcUnit));
        const auto all = AaveMarket(state).liquidate(0, weth_for_usdc(state));
        REQUIRE(all);
        CHECK(all->repaid == 16'000 * kUsdcUnit);
        // 16000 / 1900 = 8.421052631578947368 cut, and 5 % more: …736.4
        CHECK(all->seized == U256("8842105263157894736"));

        state.accounts[0] = owing(U256(16'000) * kUsdcUnit - 1);
        const auto half = AaveMarket(state).liquidate(0, weth_for_usdc(state));
        REQUIRE(half);
        // Until 3.2 half of 15,999.999999 rounds up; since 3.3 it is counted in dollars and cut
        // when it becomes USDC again.
        CHECK(half->repaid ==
              (has_dust_rule(name) ? U256(8000 * kUsdcUnit - 1) : U256(8000 * kUsdcUnit)));
    }
}

TEST_CASE("since 3.3 a small side is closed whole", "[aave_v3][liquidation]") {
    // Health 0.9697 in all of them.
    const auto repaid = [](const std::string& name, const U256& weth, const U256& usdc) {
        State state = liquid_pool(name);
        state.accounts.push_back(
            AccountBuilder().collateral(kWeth, weth).debt(kUsdc, usdc).build());
        const auto done = AaveMarket(state).liquidate(0, weth_for_usdc(state));
        REQUIRE(done);
        return done->repaid;
    };
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        // 1.2121 WETH are 2424 dollars. A debt of 2000 dollars is halved, one of a unit less not.
        const U256 weth = U256("1212100000000000000");
        CHECK(repaid(name, weth, 2000 * kUsdcUnit) == 1000 * kUsdcUnit);
        CHECK(repaid(name, weth, 2000 * kUsdcUnit - 1) ==
              (has_dust_rule(name) ? U256(2000 * kUsdcUnit - 1) : U256(1000 * kUsdcUnit)));
    }
}

TEST_CASE("since 3.3 half is of the whole account, not of one debt", "[aave_v3][liquidation]") {
    // 16,500 owed in all: 8000 in USDC, 8500 in DAI. Half is 8250: USDC is closed whole.
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        state.accounts.push_back(AccountBuilder()
                                     .collateral(kWeth, U256(10 * kEther))
                                     .debt(kUsdc, U256(8000) * kUsdcUnit)
                                     .debt(kDai, U256(8500) * kEther)
                                     .build());
        AaveMarket market(state);
        const auto done = market.liquidate(0, weth_for_usdc(state));
        REQUIRE(done);
        CHECK(done->repaid == (has_dust_rule(name) ? 8000 : 4000) * kUsdcUnit);
        CHECK(market.state().accounts[0].configuration.is_borrowing(kUsdc) != has_dust_rule(name));
        CHECK(market.state().accounts[0].configuration.is_borrowing(kDai));
        CHECK((balance_in(market, kUsdc) == nullptr) == has_dust_rule(name));
    }
}

TEST_CASE("the protocol takes its share of the bonus", "[aave_v3][liquidation]") {
    // 4.33125 WETH of which 4.33125 / 1.05 = 4.125 are the price: a tenth of 0.20625 is the fee.
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        set_field(state.reserves[kWeth], kProtocolFeeBit, 16, 1000);
        state.accounts.push_back(owing(U256(16'500) * kUsdcUnit));
        AaveMarket market(state);
        const auto done = market.liquidate(0, weth_for_usdc(state));
        REQUIRE(done);
        CHECK(done->seized == U256("4310625000000000000"));
        CHECK(done->fee == U256("20625000000000000"));
        CHECK(balance_in(market, kWeth)->scaled_supply == U256("5668750000000000000"));
        // The fee stays in the pool, as the treasury's shares.
        CHECK(market.state().reserves.at(kWeth).totals->scaled_supply ==
              U256(1'000'000'000) * kEther - done->seized);
    }
}

TEST_CASE("the pieces of a seizure round as each generation does", "[aave_v3][liquidation]") {
    // Prices and units of one; a bonus of 1.5 %, a tenth of it to the treasury.
    const SeizureTerms<margin::Exact> terms{
        .debt = {1, 1}, .collateral = {1, 1}, .bonus_bps = 10'150, .protocol_fee_bps = 1000};
    const LiquidationRules older(*find_behaviour("3.6"));
    const LiquidationRules newer(*find_behaviour("3.7"));
    // 1037 repaid take 1052.555: half-up 1053, since 3.7 cut.
    CHECK(seizure<margin::Exact>(older, terms, 1037, 5000).taken == 1053);
    CHECK(seizure<margin::Exact>(newer, terms, 1037, 5000).taken == 1052);
    // 1053 / 1.015 = 1037.44: 16 of bonus, fee 1.6 half-up 2. 1052 / 1.015 = 1036.45: 16, up 2.
    CHECK(seizure<margin::Exact>(older, terms, 1037, 5000).fee == 2);
    CHECK(seizure<margin::Exact>(newer, terms, 1037, 5000).fee == 2);
    // 100 repaid are 101.5: half-up 102, cut 101. 102 / 1.015 = 100.49: bonus 2, fee 0.2, none.
    // 101 / 1.015 = 99.5, cut 99: bonus 2, fee 0.2, up 1.
    CHECK(seizure<margin::Exact>(older, terms, 100, 5000).fee == 0);
    CHECK(seizure<margin::Exact>(newer, terms, 100, 5000).fee == 1);
    CHECK(seizure<margin::Exact>(newer, terms, 100, 5000).to_liquidator == 100);
    // Exhausted at 1000: worth 1000 / 1.015 = 985.22 of debt: half-up 985 until 3.4, up since.
    CHECK(seizure<margin::Exact>(LiquidationRules(*find_behaviour("3.4")), terms, 2000, 1000)
              .repaid == 985);
    CHECK(seizure<margin::Exact>(LiquidationRules(*find_behaviour("3.5")), terms, 2000, 1000)
              .repaid == 986);
    CHECK(seizure<margin::Exact>(newer, terms, 2000, 1000).repaid == 986);
    CHECK(seizure<margin::Exact>(newer, terms, 2000, 1000).taken == 1000);
}

TEST_CASE("published vectors of what a repayment takes are met",
          "[aave_v3][liquidation][rounding]") {
    // Answers of the libraries' own code at the tags 3.3 (as 3.4), 3.5 (as 3.6) and of 3.7, which
    // were given what a close factor allows. In some the balance does not suffice.
    struct Vector {
        const char* behaviour;
        std::uint64_t fee_bps;
        const char* collateral_price;
        const char* collateral_unit;
        const char* debt_price;
        const char* debt_unit;
        const char* repay;
        const char* balance;
        std::uint64_t bonus_bps;
        const char* to_liquidator;
        const char* repaid;
        const char* fee;
    };
    // clang-format off
    const Vector vectors[] = {
        {"3.3", 0, "3520124847313", "1000000", "3523193711145", "1000000000000000000", "640039620000000000800", "5005542765", 10866, "696073362", "640039620000000000800", "0"},
        {"3.3", 151, "4081054074014", "100000000", "3414762922477", "100000000", "648572191657", "343366918021", 10510, "343115322528", "390451887269", "251595493"},
        {"3.3", 860, "242584845361", "1000000000000000000", "1307317261573", "1000000", "6432289395", "1820562120000000000539", 10244, "1816832846715532995462", "329775664", "3729273284467005077"},
        {"3.5", 0, "3434922949469", "1000000", "3455871639710", "1000000000000000000", "2103991810000000000526", "6056833029", 10752, "2276008628", "2103991810000000000526", "0"},
        {"3.5", 2717, "1876450625684", "100000000", "3395640175213", "100000000", "653558264495", "535548427771", 10910, "523411604479", "271262322825", "12136823292"},
        {"3.5", 623, "447790541415", "1000000000000000000", "3829420535077", "1000000", "9047089016", "7117573690000000000921", 10521, "7095615288507544245762", "791073444", "21958401492455755159"},
        {"3.5", 0, "1394735040285", "1000000", "975722771003", "1000000000000000000", "7939257950000000000356", "6801002763", 11017, "6118965303", "7939257950000000000356", "0"},
        {"3.5", 1052, "3212614029254", "100000000", "1760117030006", "100000000", "600861183911", "36804218377", 10356, "36671120449", "64866813418", "133097928"},
        {"3.5", 845, "2152045844916", "1000000000000000000", "3429710158378", "1000000", "7008999674", "8803710740000000000271", 11127, "8728363334649383481890", "4964571568", "75347405350616518381"},
        {"3.7", 0, "4584235213996", "1000000", "3997562192252", "1000000000000000000", "3641352920000000000635", "9386398608", 10170, "3229327283", "3641352920000000000635", "0"},
        {"3.7", 1240, "4496195011484", "100000000", "3745972481894", "100000000", "735992060179", "251170300315", 10494, "249704158908", "287281580699", "1466141407"},
        {"3.7", 2891, "4726194665353", "1000000000000000000", "3644638525606", "1000000", "5041894412", "5565764600000000000379", 10121, "3921537568648658695238", "5041894412", "13600975687508933251"},
    };
    // clang-format on
    for (const Vector& row : vectors) {
        for (const std::string& name : alike(row.behaviour)) {
            CAPTURE(name, row.repay);
            const LiquidationRules rules(*find_behaviour(name));
            const SeizureTerms<margin::Exact> terms{
                .debt = {.price = U256(row.debt_price), .unit = U256(row.debt_unit)},
                .collateral = {.price = U256(row.collateral_price),
                               .unit = U256(row.collateral_unit)},
                .bonus_bps = row.bonus_bps,
                .protocol_fee_bps = row.fee_bps};
            const Seizure<margin::Exact> sale =
                seizure<margin::Exact>(rules, terms, U256(row.repay), U256(row.balance));
            CHECK(sale.to_liquidator == U256(row.to_liquidator));
            CHECK(sale.repaid == U256(row.repaid));
            CHECK(sale.fee == U256(row.fee));
            CHECK(sale.taken == sale.to_liquidator + sale.fee);
        }
    }
}

TEST_CASE("Aave's liquidation of 10 March 2026 is predicted to the unit",
          "[aave_v3][liquidation][vectors]") {
    // Ethereum block 24,626,860, wstETH for WETH: 1 % e-mode bonus, a tenth of it to the treasury,
    // at a rate of 1.193946836120871904844…
    const U256 scale = U256(1'000'000'000) * 1'000'000'000'000;
    const SeizureTerms<margin::Exact> terms{
        .debt = {.price = scale, .unit = kEther},
        .collateral = {.price = U256("1193946836120871904844"), .unit = kEther},
        .bonus_bps = 10'100,
        .protocol_fee_bps = 1000};
    const U256 repaid("6304565167623755951957");
    const U256 plenty = U256(10'000) * kEther;
    for (const char* name : {"3.5", "3.6"}) {
        const Seizure<margin::Exact> sale =
            seizure<margin::Exact>(LiquidationRules(*find_behaviour(name)), terms, repaid, plenty);
        CHECK(sale.to_liquidator == U256("5327964413223143335971"));
        CHECK(sale.repaid == repaid);
    }
    // 3.7 rounds for the pool: one unit less.
    CHECK(seizure<margin::Exact>(LiquidationRules(*find_behaviour("3.7")), terms, repaid, plenty)
              .to_liquidator == U256("5327964413223143335970"));
}

TEST_CASE("in an e-mode its bonus counts", "[aave_v3][liquidation][emode]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        EmodeCategory category;
        category.id = 1;
        category.ltv_bps = 9000;
        category.liquidation_threshold_bps = 9300;
        category.liquidation_bonus_bps = 10'100;
        category.collateral.set(kWeth);
        state.emodes[1] = category;
        if (name <= "3.1") {
            set_field(state.reserves[kWeth], 168, 8, 1);
        }
        // 20,000 at 93 % are 18,600 against 18,700. 1000 dollars are 0.5 WETH, and 1 % more.
        state.accounts.push_back(owing(U256(18'700) * kUsdcUnit));
        state.accounts[0].emode_category = 1;
        const auto call = weth_for_usdc(state, U256(1000 * kUsdcUnit));
        const auto done = AaveMarket(state).liquidate(0, call);
        REQUIRE(done);
        CHECK(done->seized == U256("505000000000000000"));
        state.emodes[1].liquidation_bonus_bps.reset();
        CHECK(refusal(AaveMarket(state), call) == "not_read");
    }
}

TEST_CASE("until 3.1 an e-mode's price source prices the debt too", "[aave_v3][liquidation]") {
    State state = liquid_pool("3.0");
    EmodeCategory category;
    category.id = 1;
    category.liquidation_threshold_bps = 8000;
    category.liquidation_bonus_bps = 10'000;
    category.price = quote(U256(1000 * kDollar));
    state.emodes[1] = category;
    set_field(state.reserves[kWeth], 168, 8, 1);
    // 10 WETH at the e-mode's 1000 dollars against 9000 DAI, which is not of it: health takes DAI's
    // own dollar, 8000 / 9000. The liquidation prices both alike: 1 DAI for 1 WETH.
    state.accounts.push_back(AccountBuilder()
                                 .collateral(kWeth, U256(10 * kEther))
                                 .debt(kDai, U256(9000) * kEther)
                                 .emode(1)
                                 .build());
    LiquidationCall call;
    call.collateral = state.reserves[kWeth].asset;
    call.debt = state.reserves[kDai].asset;
    call.repay = 3 * kEther;
    const auto done = AaveMarket(state).liquidate(0, call);
    REQUIRE(done);
    CHECK(done->repaid == 3 * kEther);
    CHECK(done->seized == 3 * kEther);
}

TEST_CASE("since 3.3 neither side may be left as dust", "[aave_v3][liquidation]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        const std::string dust = has_dust_rule(name) ? "dust_left" : "";
        // Health exactly 0.95, so all may be repaid. 1000 dollars may be left, not a unit less.
        State state = liquid_pool(name, 1900);
        state.accounts.push_back(owing(U256(16'000) * kUsdcUnit));
        const AaveMarket market(state);
        CHECK(refusal(market, weth_for_usdc(state, U256(15'000 * kUsdcUnit))).empty());
        CHECK(refusal(market, weth_for_usdc(state, U256(15'000 * kUsdcUnit + 1))) == dust);
        CHECK(refusal(market, weth_for_usdc(state, U256(16'000 * kUsdcUnit - 1))) == dust);
        CHECK(refusal(market, weth_for_usdc(state, U256(16'000 * kUsdcUnit))).empty());
        // 17,142.857143 dollars take 18,000.00000015 of the 19,000: less than 1000 are left.
        state.accounts[0] = owing(U256(18'200) * kUsdcUnit);
        const AaveMarket deep(state);
        CHECK(refusal(deep, weth_for_usdc(state, U256(17'142'857'142))).empty());
        CHECK(refusal(deep, weth_for_usdc(state, U256(17'142'857'143))) == dust);
        // What is refused changes nothing.
        AaveMarket same(state);
        if (has_dust_rule(name)) {
            CHECK_FALSE(same.liquidate(0, weth_for_usdc(state, U256(17'142'857'143))));
            CHECK(same.health(0).health_factor == deep.health(0).health_factor);
            CHECK(same.legs(0)[1].amount == U256(18'200 * kUsdcUnit));
            CHECK(same.state().reserves.at(kUsdc).totals->scaled_debt ==
                  state.reserves[kUsdc].totals->scaled_debt);
        }
    }
}

TEST_CASE("exhausted collateral leaves a debt until 3.2 and deficits since",
          "[aave_v3][liquidation][deficit]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        // 19,000 dollars of collateral with the bonus repay 19,000 / 1.05 = 18,095.238095238 USDC:
        // half-up …095 until 3.4, up …096 since.
        State state = liquid_pool(name, 1900);
        state.accounts.push_back(AccountBuilder()
                                     .collateral(kWeth, U256(10 * kEther))
                                     .debt(kUsdc, U256(19'000) * kUsdcUnit)
                                     .debt(kDai, U256(100) * kEther)
                                     .build());
        AaveMarket market(state);
        const auto done = market.liquidate(0, weth_for_usdc(state));
        REQUIRE(done);
        const U256 repaid = name >= "3.5" ? 18'095'238'096 : 18'095'238'095;
        const U256 left = 19'000 * kUsdcUnit - repaid;
        CHECK(done->repaid == repaid);
        CHECK(done->seized == 10 * kEther);
        const UserConfiguration flags = market.state().accounts[0].configuration;
        CHECK_FALSE(flags.is_collateral(kWeth));
        CHECK(balance_in(market, kWeth) == nullptr);
        if (!has_dust_rule(name)) {
            CHECK(done->bad_debt == 0);
            CHECK(done->deficits.empty());
            CHECK(balance_in(market, kUsdc)->scaled_debt == left);
            CHECK(flags.is_borrowing(kUsdc));
            CHECK(flags.is_borrowing(kDai));
            CHECK(market.health(0).health_factor == core::Wad(U256(0)));
            continue;
        }
        CHECK(done->bad_debt == left);
        REQUIRE(done->deficits.size() == 2);
        CHECK(done->deficits[0].symbol == "USDC");
        CHECK(done->deficits[0].amount == left);
        CHECK(done->deficits[1].symbol == "DAI");
        CHECK(done->deficits[1].amount == 100 * kEther);
        CHECK(flags.word() == 0);
        CHECK(market.state().accounts[0].balances.empty());
        CHECK(market.health(0).status == Status::NoDebt);
        CHECK(market.state().reserves.at(kUsdc).totals->deficit == left);
        CHECK(market.state().reserves.at(kDai).totals->deficit == 100 * kEther);
        CHECK(market.state().reserves.at(kDai).totals->scaled_debt ==
              U256(100'000'000) * kEther - 100 * kEther);
    }
}

TEST_CASE("a debt in a reserve that is not active is not written off",
          "[aave_v3][liquidation][deficit]") {
    State state = liquid_pool("3.6", 1900);
    state.reserves[kDai].configuration = configuration({.threshold = 7500, .active = false});
    state.accounts.push_back(AccountBuilder()
                                 .collateral(kWeth, U256(10 * kEther))
                                 .debt(kUsdc, U256(19'000) * kUsdcUnit)
                                 .debt(kDai, U256(100) * kEther)
                                 .build());
    AaveMarket market(state);
    const auto done = market.liquidate(0, weth_for_usdc(state));
    REQUIRE(done);
    CHECK(done->deficits.size() == 1);
    CHECK(market.state().accounts[0].configuration.is_borrowing(kDai));
}

TEST_CASE("with other collateral left there is no deficit", "[aave_v3][liquidation][deficit]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name, 1900);
        state.accounts.push_back(AccountBuilder()
                                     .collateral(kWeth, U256(10 * kEther))
                                     .collateral(kDai, U256(1000) * kEther)
                                     .debt(kUsdc, U256(25'000) * kUsdcUnit)
                                     .build());
        AaveMarket market(state);
        const auto done = market.liquidate(0, weth_for_usdc(state));
        REQUIRE(done);
        CHECK(done->bad_debt == 0);
        CHECK_FALSE(market.state().accounts[0].configuration.is_collateral(kWeth));
        CHECK(market.state().accounts[0].configuration.is_collateral(kDai));
        CHECK(market.state().accounts[0].configuration.is_borrowing(kUsdc));
    }
}

TEST_CASE("a health factor of exactly 1 is healthy, one unit of debt more is not",
          "[aave_v3][liquidation]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        state.accounts.push_back(owing(U256(16'000) * kUsdcUnit));
        CHECK(refusal(AaveMarket(state), weth_for_usdc(state)) == "healthy");
        state.accounts[0] = owing(U256(16'000) * kUsdcUnit + 1);
        CHECK(refusal(AaveMarket(state), weth_for_usdc(state)).empty());
    }
}

TEST_CASE("what stops a liquidation is named in the contract's order", "[aave_v3][liquidation]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        state.accounts.push_back(owing(U256(16'500) * kUsdcUnit));
        const auto now = [&] { return refusal(AaveMarket(state), weth_for_usdc(state)); };
        CHECK(now().empty());
        SECTION("a collateral that is not enabled") {
            auto call = weth_for_usdc(state);
            call.collateral = state.reserves[kDai].asset;
            CHECK(refusal(AaveMarket(state), call) == "collateral_not_enabled");
        }
        SECTION("a collateral without a threshold of its own, until 3.5") {
            state.accounts[0] = AccountBuilder()
                                    .collateral(kWeth, U256(10 * kEther))
                                    .collateral(kDai, kEther)
                                    .debt(kUsdc, U256(16'500) * kUsdcUnit)
                                    .build();
            set_field(state.reserves[kDai], 16, 16, 0);
            auto call = weth_for_usdc(state);
            call.collateral = state.reserves[kDai].asset;
            CHECK(refusal(AaveMarket(state), call) ==
                  (name <= "3.5" ? "collateral_not_enabled" : ""));
        }
        SECTION("nothing owed in the asset") {
            auto call = weth_for_usdc(state);
            call.debt = state.reserves[kDai].asset;
            CHECK(refusal(AaveMarket(state), call) == "no_debt_in_asset");
        }
        SECTION("no asset of the market") {
            auto call = weth_for_usdc(state);
            call.debt = test::address(0x1234);
            CHECK(refusal(AaveMarket(state), call) == "unknown_asset");
        }
        SECTION("a healthy account, before its assets are looked at") {
            state.accounts[0] = owing(U256(1000) * kUsdcUnit);
            auto call = weth_for_usdc(state);
            call.collateral = state.reserves[kDai].asset;
            CHECK(refusal(AaveMarket(state), call) == "healthy");
        }
        SECTION("the grace period, until it is over") {
            state.reserves[kWeth].grace_period_until = core::Timestamp(kBlockTime);
            CHECK(now() == (name >= "3.1" ? "grace_period" : ""));
            state.reserves[kWeth].grace_period_until = core::Timestamp(kBlockTime - 1);
            CHECK(now().empty());
        }
        SECTION("the sentinel, from a health factor of 0.95 on") {
            state.liquidation_allowed = false;
            CHECK(now() == (name <= "3.6" ? "price_oracle_sentinel" : ""));
            state.reserves[kWeth].price->answer = U256(1900) * kDollar;
            state.accounts[0] = owing(U256(16'000) * kUsdcUnit);
            CHECK(now() == (name <= "3.6" ? "price_oracle_sentinel" : ""));
            state.accounts[0] = owing(U256(16'000) * kUsdcUnit + 1);
            CHECK(now().empty());
        }
        SECTION("a pause, before the sentinel") {
            state.liquidation_allowed = false;
            set_field(state.reserves[kUsdc], 60, 1, 1);
            CHECK(now() == "paused");
        }
        SECTION("an inactive reserve, before the pause") {
            set_field(state.reserves[kUsdc], 60, 1, 1);
            set_field(state.reserves[kWeth], 56, 1, 0);
            CHECK(now() == "reserve_inactive");
        }
        SECTION("frozen reserves stop nothing") {
            CHECK(state.reserves[kWeth].configuration.is_frozen());
            CHECK(now().empty());
        }
        SECTION("nothing to repay") {
            CHECK(refusal(AaveMarket(state), weth_for_usdc(state, U256(0))) == "zero_amount");
        }
        SECTION("sizes that the protocol does not take") {
            auto call = weth_for_usdc(state);
            call.seize = U256(1);
            CHECK(refusal(AaveMarket(state), call) == "not_modelled");
        }
        SECTION("an account that was not read whole") {
            state.accounts[0].trouble = "it timed out";
            CHECK(now() == "not_read");
        }
        SECTION("a reserve whose totals are not known") {
            state.reserves[kWeth].totals.reset();
            CHECK(now() == "not_read");
        }
        SECTION("arithmetic in which the contract reverts") {
            state.reserves[kWeth].price->answer = core::max_u256();
            CHECK(now() == "out_of_range");
        }
    }
}

TEST_CASE("a pool without the underlying gives shares only", "[aave_v3][liquidation]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        state.accounts.push_back(owing(U256(16'500) * kUsdcUnit));
        ReserveTotals& weth = *state.reserves[kWeth].totals;
        const U256 needed("4331250000000000000");
        weth.a_token_holding = needed - 1;
        if (weth.virtual_balance) {
            weth.virtual_balance = weth.a_token_holding;
        }
        auto call = weth_for_usdc(state);
        CHECK(refusal(AaveMarket(state), call) == "insufficient_liquidity");
        call.receive_shares = true;
        AaveMarket market(state);
        const auto done = market.liquidate(0, call);
        REQUIRE(done);
        CHECK(done->seized == needed);
        CHECK(balance_in(market, kWeth)->scaled_supply == 10 * kEther - needed);
        // Shares changed hands: the pool has as many as before, and as much.
        CHECK(market.state().reserves.at(kWeth).totals->scaled_supply == weth.scaled_supply);
        CHECK(market.state().reserves.at(kWeth).totals->a_token_holding == weth.a_token_holding);
        weth.a_token_holding = needed;
        if (weth.virtual_balance) {
            weth.virtual_balance = weth.a_token_holding;
        }
        CHECK(refusal(AaveMarket(state), weth_for_usdc(state)).empty());
    }
}

TEST_CASE("shares are rounded as each generation rounds them", "[aave_v3][liquidation][rounding]") {
    // Indexes of 1.5, no decimals, and one price for both.
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        const U256 index = core::ray() / 2 * 3;
        for (unsigned id : {kWeth, kDai}) {
            state.reserves[id] = reserve(id, "R", {.ltv = 5000, .threshold = 8000, .decimals = 0},
                                         U256(1000 * kDollar));
            state.reserves[id].liquidity_index = index;
            state.reserves[id].borrow_index = index;
            state.reserves[id].totals = liquid_pool(name).reserves[kUsdc].totals;
        }
        // 1000 scaled are 1500 of collateral, at 80 % 1200; 900 scaled are 1350 owed: 0.889.
        state.accounts.push_back(AccountBuilder().collateral(kWeth, 1000).debt(kDai, 900).build());
        LiquidationCall call;
        call.collateral = state.reserves[kWeth].asset;
        call.debt = state.reserves[kDai].asset;
        call.repay = 100;
        AaveMarket market(state);
        const auto done = market.liquidate(0, call);
        REQUIRE(done);
        CHECK(done->repaid == 100);
        CHECK(done->seized == 105);
        // 100 / 1.5 = 66.67 shares of debt: half-up 67, since 3.5 down 66. 105 / 1.5 = 70.
        CHECK(balance_in(market, kDai)->scaled_debt == (name >= "3.5" ? 834 : 833));
        CHECK(balance_in(market, kWeth)->scaled_supply == 930);
        // 99 repaid take 103.95: half-up 104, which is 69.33 shares, half-up 69, since 3.5 up 70;
        // since 3.7 cut 103, which is 68.67 shares, up 69.
        call.repay = 99;
        AaveMarket other(state);
        REQUIRE(other.liquidate(0, call));
        const U256 taken = name < "3.5" ? 69 : name < "3.7" ? 70 : 69;
        CHECK(balance_in(other, kWeth)->scaled_supply == 1000 - taken);
    }
}

TEST_CASE("interest is brought up before and only where the contract does it",
          "[aave_v3][liquidation]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        for (auto& [id, reserve] : state.reserves) {
            reserve.last_update = core::Timestamp(kBlockTime - 3600);
            reserve.liquidity_rate = core::ray() / 50;
            reserve.borrow_rate = core::ray() / 20;
        }
        state.accounts.push_back(owing(U256(16'500) * kUsdcUnit));
        const AaveMarket before(state);
        auto call = weth_for_usdc(state, U256(1000 * kUsdcUnit));
        AaveMarket burned(state);
        REQUIRE(burned.liquidate(0, call));
        call.receive_shares = true;
        AaveMarket kept(state);
        REQUIRE(kept.liquidate(0, call));
        const core::Timestamp now(kBlockTime);
        CHECK(burned.state().reserves.at(kUsdc).last_update == now);
        CHECK(burned.state().reserves.at(kWeth).last_update == now);
        CHECK(kept.state().reserves.at(kUsdc).last_update == now);
        // Since 3.5 the collateral's reserve is always brought up.
        CHECK((kept.state().reserves.at(kWeth).last_update == now) == (name >= "3.5"));
        CHECK(burned.state().reserves.at(kUsdc).borrow_index > core::ray());
        CHECK(burned.state().reserves.at(kUsdc).accrued_to_treasury > 0);
        CHECK(burned.state().reserves.at(kDai).last_update < now);
        // To the unit what was owed before, less what was repaid, up to the rounding of shares.
        const U256 owed = *before.legs(0)[1].amount;
        const U256 left = *burned.legs(0)[1].amount;
        CHECK(left + 1000 * kUsdcUnit >= owed);
        CHECK(left + 1000 * kUsdcUnit <= owed + 1);
    }
}

TEST_CASE("in 3.5 and 3.6 the treasury gains twice where collateral and debt are one asset",
          "[aave_v3][liquidation]") {
    const auto gained = [](const std::string& name, bool same) {
        State state = liquid_pool(name);
        state.reserves[kWeth].last_update = core::Timestamp(kBlockTime - 3600);
        state.reserves[kWeth].borrow_rate = core::ray() / 20;
        state.accounts.push_back(AccountBuilder()
                                     .collateral(kWeth, U256(10 * kEther))
                                     .collateral(kDai, U256(2500) * kEther)
                                     .debt(kWeth, U256(9 * kEther))
                                     .build());
        LiquidationCall call;
        call.collateral = state.reserves[same ? kWeth : kDai].asset;
        call.debt = state.reserves[kWeth].asset;
        call.repay = kEther / 100;
        AaveMarket market(state);
        const auto done = market.liquidate(0, call);
        REQUIRE(done);
        return market.state().reserves.at(kWeth).accrued_to_treasury;
    };
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        const U256 once = gained(name, false);
        CHECK(once > 0);
        CHECK(gained(name, true) == (name == "3.5" || name == "3.6" ? 2 * once : once));
    }
}

TEST_CASE("a debt in isolation frees its part of the ceiling until 3.6", "[aave_v3][liquidation]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        set_field(state.reserves[kWeth], kDebtCeilingBit, 40, 1'000'000'000);
        state.reserves[kWeth].isolation_mode_total_debt = 2'000'000;  // 20,000 dollars
        state.accounts.push_back(owing(U256(16'500) * kUsdcUnit));
        AaveMarket market(state);
        REQUIRE(market.liquidate(0, weth_for_usdc(state)));
        // 8250 dollars repaid.
        CHECK(market.state().reserves.at(kWeth).isolation_mode_total_debt ==
              (name == "3.7" ? 2'000'000 : 2'000'000 - 825'000));
        // Interest was not counted, so more may be repaid than is counted.
        state.reserves[kWeth].isolation_mode_total_debt = 100;
        AaveMarket less(state);
        REQUIRE(less.liquidate(0, weth_for_usdc(state)));
        CHECK(less.state().reserves.at(kWeth).isolation_mode_total_debt ==
              (name == "3.7" ? 100 : 0));
    }
}

TEST_CASE("until 3.1 variable debt is repaid before stable debt", "[aave_v3][liquidation]") {
    for (const std::string name : {"3.0", "3.1"}) {
        CAPTURE(name);
        State state = liquid_pool(name);
        state.reserves[kUsdc].totals->stable =
            StableTotals{.principal = 20'000 * kUsdcUnit,
                         .average_rate = core::ray() / 10,
                         .last_update = core::Timestamp(kBlockTime)};
        AccountBuilder account;
        account.collateral(kWeth, U256(10 * kEther)).debt(kUsdc, U256(4000) * kUsdcUnit);
        account.at(kUsdc).stable_debt = StableDebt{.principal = 12'500 * kUsdcUnit,
                                                   .rate = core::ray() / 20,
                                                   .last_update = core::Timestamp(kBlockTime)};
        state.accounts.push_back(account.build());
        AaveMarket market(state);
        const auto done = market.liquidate(0, weth_for_usdc(state));
        REQUIRE(done);
        // Half of 16,500: 4000 variable and 4250 stable.
        CHECK(done->repaid == 8250 * kUsdcUnit);
        const Balance* usdc = balance_in(market, kUsdc);
        REQUIRE(usdc);
        CHECK(usdc->scaled_debt == 0);
        REQUIRE(usdc->stable_debt);
        CHECK(usdc->stable_debt->principal == 8250 * kUsdcUnit);
        const StableTotals& all = *market.state().reserves.at(kUsdc).totals->stable;
        CHECK(all.principal == 15'750 * kUsdcUnit);
        // (10 % * 20,000 - 5 % * 4250) / 15,750 = 1787.5 / 15,750 = 11.3492 %
        CHECK(all.average_rate == U256("113492063492063492063492063"));
        CHECK(market.state().accounts[0].configuration.is_borrowing(kUsdc));
    }
}

TEST_CASE("the pairs of an account are its collaterals times its debts", "[aave_v3][liquidation]") {
    State state = liquid_pool("3.6");
    state.accounts.push_back(AccountBuilder()
                                 .collateral(kWeth, U256(10 * kEther))
                                 .supply(kUsdc, kUsdcUnit)
                                 .collateral(kDai, kEther)
                                 .debt(kWeth, kEther)
                                 .debt(kUsdc, kUsdcUnit)
                                 .build());
    const auto pairs = AaveMarket(state).liquidation_pairs(0);
    REQUIRE(pairs.size() == 4);  // USDC is no collateral
    CHECK(pairs[0].collateral_symbol == "WETH");
    CHECK(pairs[0].debt_symbol == "WETH");
    CHECK(pairs[3].collateral == state.reserves[kDai].asset);
    CHECK(pairs[3].debt == state.reserves[kUsdc].asset);
}

TEST_CASE("until 3.3 a reserve that the pool does not count is not modelled",
          "[aave_v3][liquidation]") {
    for (const std::string& name : all_behaviours()) {
        CAPTURE(name);
        State state = liquid_pool(name);
        set_field(state.reserves[kUsdc], 252, 1, 0);
        state.accounts.push_back(owing(U256(16'500) * kUsdcUnit));
        const bool is_flagged = name >= "3.1" && name <= "3.3";
        CHECK(refusal(AaveMarket(state), weth_for_usdc(state)) ==
              (is_flagged ? "not_modelled" : ""));
    }
}
