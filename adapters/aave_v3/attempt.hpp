#pragma once

#include <cstddef>
#include <map>

#include "adapters/aave_v3/market.hpp"

namespace margrave::adapters::aave_v3 {

/// A call that may yet be refused: what it changes is put back when it ends without commit(). It
/// keeps one account and the reserves that are touched, so its cost does not grow with the market.
class AaveMarket::Attempt {
  public:
    Attempt(AaveMarket& market, std::size_t row)
        : market_(market), row_(row), account_(market.state_.accounts.at(row)) {}
    ~Attempt() {
        if (!is_committed_) {
            restore();
        }
    }
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

    /// The reserve to change; nullptr when there is none.
    [[nodiscard]] Reserve* touch(unsigned id) {
        const auto found = market_.state_.reserves.find(id);
        if (found == market_.state_.reserves.end()) {
            return nullptr;
        }
        reserves_.try_emplace(id, Saved{found->second, market_.indexes_.at(id)});
        return &found->second;
    }
    [[nodiscard]] Reserve* touch(const core::Address& asset) {
        for (const auto& [id, reserve] : market_.state_.reserves) {
            if (reserve.asset == asset) {
                return touch(id);
            }
        }
        return nullptr;
    }

    /// The protocol's own view of the account was of before.
    void commit() {
        is_committed_ = true;
        market_.state_.accounts[row_].referee.reset();
    }

  private:
    struct Saved {
        Reserve reserve;
        Indexes indexes;
    };

    void restore() {
        market_.state_.accounts[row_] = std::move(account_);
        for (auto& [id, saved] : reserves_) {
            market_.state_.reserves[id] = std::move(saved.reserve);
            market_.indexes_[id] = std::move(saved.indexes);
        }
    }

    AaveMarket& market_;
    std::size_t row_;
    Account account_;
    std::map<unsigned, Saved> reserves_;
    bool is_committed_ = false;
};

}  // namespace margrave::adapters::aave_v3
