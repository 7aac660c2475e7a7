#pragma once

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "margin/market.hpp"

namespace margrave::test {

/// One row of a FakeMarket: what it shall answer.
struct FakeAccount {
    core::Address wallet;
    bool active = true;
    margin::Health health;
    std::optional<margin::Health> health_later;  ///< what health becomes once interest is accrued
    std::vector<margin::Leg> legs;
    std::optional<std::uint64_t> emode;
    std::vector<std::string> blocked_by;
    std::vector<std::string> warnings;
    std::optional<std::vector<margin::Difference>> referee;  ///< nullopt: not verified
};

/// A market without a protocol: it answers what a test put into it. Its archive keeps the name, the
/// time and of each account the wallet and the health factor.
class FakeMarket final : public margin::Market {
  public:
    explicit FakeMarket(margin::MarketName name) : name_(std::move(name)) {}

    std::vector<FakeAccount> accounts;
    std::vector<margin::AssetPrice> asset_prices;
    std::vector<margin::Missing> missing_parts;
    std::vector<margin::ParameterGroup> parameter_groups;
    std::vector<margin::OracleAnswer> oracle_answers;
    std::string quote_name = "USD";
    core::Timestamp now{1'750'000'000};

    [[nodiscard]] const margin::MarketName& name() const override { return name_; }
    [[nodiscard]] std::string quote() const override { return quote_name; }
    [[nodiscard]] std::size_t account_count() const override { return accounts.size(); }
    [[nodiscard]] core::Address wallet(std::size_t row) const override {
        return accounts.at(row).wallet;
    }
    [[nodiscard]] bool is_active(std::size_t row) const override { return accounts.at(row).active; }
    [[nodiscard]] margin::Health health(std::size_t row) const override {
        const FakeAccount& account = accounts.at(row);
        return accrued_ && account.health_later ? *account.health_later : account.health;
    }
    [[nodiscard]] std::vector<margin::Leg> legs(std::size_t row) const override {
        return accounts.at(row).legs;
    }
    [[nodiscard]] std::optional<std::uint64_t> emode_category(std::size_t row) const override {
        return accounts.at(row).emode;
    }
    [[nodiscard]] std::vector<std::string> blocked_by(std::size_t row) const override {
        return accounts.at(row).blocked_by;
    }
    [[nodiscard]] std::vector<std::string> warnings(std::size_t row) const override {
        return accounts.at(row).warnings;
    }
    void fast_health_factors(std::vector<double>& out) const override {
        out.assign(accounts.size(), std::numeric_limits<double>::quiet_NaN());
    }
    [[nodiscard]] std::vector<margin::AssetPrice> prices() const override { return asset_prices; }
    [[nodiscard]] std::vector<margin::OracleAnswer> answers() const override {
        return oracle_answers;
    }
    [[nodiscard]] std::vector<margin::ParameterGroup> parameters() const override {
        return parameter_groups;
    }
    [[nodiscard]] std::vector<margin::Missing> missing() const override { return missing_parts; }
    [[nodiscard]] bool has_referee(std::size_t row) const override {
        return accounts.at(row).referee.has_value();
    }
    /// The protocol's view is of the block, so an accrued market would disagree with it.
    [[nodiscard]] std::vector<margin::Difference> verify(std::size_t row) const override {
        if (accrued_) {
            return {{.what = "time", .ours = "later", .theirs = "the block's"}};
        }
        return accounts.at(row).referee.value();
    }
    [[nodiscard]] core::Timestamp time() const override { return now; }
    void accrue(core::Timestamp to) override {
        core::ensure(to >= now, "interest is accrued forwards");
        accrued_ = to > now;
        now = to;
    }
    [[nodiscard]] std::unique_ptr<margin::Market> fork() const override {
        return std::make_unique<FakeMarket>(*this);
    }

    [[nodiscard]] core::Archive archive() const override {
        core::Archive::List rows;
        for (const FakeAccount& account : accounts) {
            core::Archive row;
            row.set("wallet", account.wallet);
            if (account.health.health_factor) {
                row.set("health_factor", account.health.health_factor->value());
            }
            rows.push_back(std::move(row));
        }
        core::Archive out;
        out.set("accounts", std::move(rows));
        out.set("chain", name_.chain);
        out.set("name", name_.name);
        out.set("protocol", name_.protocol);
        out.set("time", now.value());
        return out;
    }

    [[nodiscard]] static std::unique_ptr<FakeMarket> restore(const core::Archive& archive) {
        auto market = std::make_unique<FakeMarket>(margin::MarketName{
            archive.text("protocol"), archive.text("chain"), archive.text("name")});
        market->now = core::Timestamp(archive.u64("time"));
        for (const core::Archive& row : archive.list("accounts")) {
            FakeAccount account;
            account.wallet = row.address("wallet");
            if (const auto factor = row.optional_u256("health_factor")) {
                account.health.health_factor = core::Wad(*factor);
            }
            market->accounts.push_back(std::move(account));
        }
        return market;
    }

  private:
    margin::MarketName name_;
    bool accrued_ = false;
};

}  // namespace margrave::test
