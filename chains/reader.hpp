#pragma once

#include <array>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "chains/abi.hpp"
#include "chains/logs.hpp"
#include "core/address.hpp"
#include "core/errors.hpp"
#include "core/hex.hpp"
#include "core/keccak.hpp"
#include "core/result.hpp"
#include "core/units.hpp"

namespace margrave::chains {

/// The one block that everything of a chain is read at.
struct Block {
    core::BlockNumber number;
    core::Hash hash{};
    core::Timestamp timestamp;
    /// What contracts are told is the block's number where that is the parent chain's (Arbitrum);
    /// nullopt: `number`.
    std::optional<core::BlockNumber> number_in_calls = std::nullopt;
};

/// Why a call has no data.
struct CallFailure {
    core::ErrorKind kind = core::ErrorKind::ServerFault;
    std::string detail;
    bool doubtful =
        false;  ///< failed without a word inside an aggregate: a revert, or only its gas ran out
};

using CallOutcome = core::Result<core::Bytes, CallFailure>;

/// Tokens that are all asked one thing about a wallet: a function of an address that answers with a
/// number. Wallets that share a list, by pointer, are asked about together.
struct TokenList {
    std::array<std::uint8_t, 4> selector{};
    std::string_view function;
    std::vector<core::Address> tokens;  ///< at most kTokensMax
    /// What of an answer stands at a later block where no event named the wallet in a topic in
    /// between. Whatever a token does to balances, nobody is known to be given some without an
    /// event.
    enum class Stands { Nothing, Zeros, All };
    Stands stands = Stands::Nothing;

    static constexpr std::size_t kTokensMax = 1'000;
};

/// One question to the chain, parked until the reader sends all that are parked.
struct PendingCall {
    enum class Kind { Contract, NativeBalance, HeldTokens };

    Kind kind = Kind::Contract;
    core::Address to;  ///< the contract; the wallet where the question is about one
    core::Bytes data;  ///< of a contract's call
    std::shared_ptr<const TokenList> list;  ///< of held tokens
    std::string_view function;              ///< for messages
    bool may_revert = false;  ///< a revert is an expected answer: it is not asked again to be sure
    /// Whose answer it is, where it may stand at a later block: call_of() and TokenList say when.
    std::optional<core::Address> account = std::nullopt;
    CallOutcome outcome = core::Unexpected(CallFailure{});
    bool answered = false;
    std::coroutine_handle<> waiter;  ///< null while nobody awaits it, and again once it is resumed

    /// The data as the function's result, or what names contract and function.
    template <class F>
    [[nodiscard]] core::Result<typename F::Result, core::ChainError> decode() const;
    [[nodiscard]] core::ChainError error(core::ErrorKind why, std::string_view detail) const;
};

/// Events that a coroutine waits for, parked until the reader scans for them.
struct PendingScan {
    LogFilter filter;
    LogSink sink;
    std::optional<core::ChainError> failure;  ///< why the logs end before the block
    bool answered = false;
    std::coroutine_handle<> waiter;  ///< as in PendingCall
};

/// Answers questions about one chain at one block. A question is parked when it is asked, so
/// several that are asked before the first is awaited travel together:
///
///     auto pool = chain.call(provider, GetPool{});
///     auto oracle = chain.call(provider, GetPriceOracle{});
///     use(co_await pool, co_await oracle);   // one round trip
///
/// When no coroutine can go on, everything parked is sent at once. Not thread-safe.
class Reader {
  public:
    virtual ~Reader() = default;

    [[nodiscard]] virtual const Block& block() const = 0;
    /// Takes note of a question; the reader fills `outcome`, sets `answered` and resumes `waiter`
    /// if there is one. What it knows already it answers at once.
    virtual void park(PendingCall& call) = 0;
    /// Forgets a question that is not answered yet, or whose waiter is not resumed yet.
    virtual void unpark(PendingCall& call) = 0;
    /// The same for scans.
    virtual void park(PendingScan& scan) = 0;
    virtual void unpark(PendingScan& scan) = 0;

    /// A question on its way; awaited once.
    template <class F>
    class Call {
      public:
        Call(Reader& reader, PendingCall question)
            : reader_(reader), question_(std::move(question)) {
            reader_.park(question_);
        }
        Call(const Call&) = delete;  // the reader knows it by its place
        Call& operator=(const Call&) = delete;
        ~Call() {
            // Answered in the same round as a failure that ends this coroutine, it must not be
            // resumed any more.
            if (!question_.answered || question_.waiter) {
                reader_.unpark(question_);
            }
        }

        [[nodiscard]] bool await_ready() const noexcept { return question_.answered; }
        void await_suspend(std::coroutine_handle<> waiter) noexcept { question_.waiter = waiter; }
        typename F::Result await_resume() const {
            auto result = question_.template decode<F>();
            if (!result) {
                throw result.error();
            }
            return std::move(result).value();
        }

      protected:
        Reader& reader_;
        PendingCall question_;
    };

    template <class F>
    class TryCall : public Call<F> {
      public:
        using Call<F>::Call;
        core::Result<typename F::Result, core::ChainError> await_resume() const {
            return this->question_.template decode<F>();
        }
    };

    /// Awaits the function's result; throws core::ChainError.
    template <class F, class... Args>
    [[nodiscard]] Call<F> call(const core::Address& to, F /*function*/, const Args&... args) {
        return Call<F>(*this, question<F>(to, F::encode(args...)));
    }

    /// The same where the result is the account's, and each of its changes comes with an event that
    /// names the account in a topic, whoever logs it; or where a contract's own state names the
    /// account, as a recipient of fees. At another block it need not be asked again then.
    template <class F, class... Args>
    [[nodiscard]] Call<F> call_of(const core::Address& account, const core::Address& to,
                                  F /*function*/, const Args&... args) {
        PendingCall asked = question<F>(to, F::encode(args...));
        asked.account = account;
        return Call<F>(*this, std::move(asked));
    }

    /// For a function that the contract may lack or refuse: awaits the result or the error.
    template <class F, class... Args>
    [[nodiscard]] TryCall<F> try_call(const core::Address& to, F /*function*/,
                                      const Args&... args) {
        PendingCall asked = question<F>(to, F::encode(args...));
        asked.may_revert = true;
        return TryCall<F>(*this, std::move(asked));
    }

    using BalanceInWei = abi::Function<"balance", core::U256()>;
    /// Awaits the wallet's balance of the native coin, in wei; throws core::ChainError.
    [[nodiscard]] Call<BalanceInWei> native_balance(const core::Address& wallet) {
        PendingCall asked = question<BalanceInWei>(wallet, {});
        asked.kind = PendingCall::Kind::NativeBalance;
        return {*this, std::move(asked)};
    }

    /// What one wallet holds of a list: the token's place, whether the figure is certain, and the
    /// figure. What is not named here is zero; a figure that is not certain is the token's own to
    /// say.
    using HeldTokens =
        abi::Function<"held tokens", std::vector<std::tuple<std::uint16_t, bool, core::U256>>()>;
    /// Awaits what the wallet holds of the list, all wallets of one list in few requests; throws
    /// core::ChainError where the chain cannot be asked so. read_balances() of chains/balances.hpp
    /// is the way to ask that works everywhere.
    [[nodiscard]] Call<HeldTokens> held_tokens(std::shared_ptr<const TokenList> list,
                                               const core::Address& wallet) {
        core::ensure(list != nullptr && !list->tokens.empty() &&
                         list->tokens.size() <= TokenList::kTokensMax,
                     "a wallet is asked about some tokens, and not too many");
        PendingCall asked = question<HeldTokens>(wallet, {});
        asked.kind = PendingCall::Kind::HeldTokens;
        if (list->stands != TokenList::Stands::Nothing) {
            asked.account = wallet;
        }
        asked.list = std::move(list);
        return {*this, std::move(asked)};
    }

    /// A scan on its way; awaited once.
    class Scan {
      public:
        Scan(Reader& reader, LogFilter filter, LogSink sink) : reader_(reader) {
            pending_.filter = std::move(filter);
            pending_.sink = std::move(sink);
            reader_.park(pending_);
        }
        Scan(const Scan&) = delete;  // the reader knows it by its place
        Scan& operator=(const Scan&) = delete;
        ~Scan() {
            if (!pending_.answered || pending_.waiter) {
                reader_.unpark(pending_);
            }
        }

        [[nodiscard]] bool await_ready() const noexcept { return pending_.answered; }
        void await_suspend(std::coroutine_handle<> waiter) noexcept { pending_.waiter = waiter; }
        /// nullopt when all logs up to the block were handed over.
        [[nodiscard]] std::optional<core::ChainError> await_resume() const {
            return pending_.failure;
        }

      private:
        Reader& reader_;
        PendingScan pending_;
    };

    /// Hands `sink` the events from filter.from up to the block, in the chain's order, and awaits
    /// why there may be more: a scan that fails has still handed over what came before. It takes as
    /// many round trips as the endpoint's limits demand; what the scan costs is told by the reader.
    [[nodiscard]] Scan scan(LogFilter filter, LogSink sink) {
        return {*this, std::move(filter), std::move(sink)};
    }

  private:
    template <class F>
    [[nodiscard]] static PendingCall question(const core::Address& to, core::Bytes data) {
        PendingCall asked;
        asked.to = to;
        asked.data = std::move(data);
        asked.function = F::name();
        return asked;
    }
};

template <class F>
core::Result<typename F::Result, core::ChainError> PendingCall::decode() const {
    if (!outcome) {
        return core::Unexpected(error(outcome.error().kind, outcome.error().detail));
    }
    if (outcome->empty()) {
        return core::Unexpected(
            error(core::ErrorKind::EmptyReply,
                  "no data came back: there is no contract at this address at this block"));
    }
    try {
        return F::decode(*outcome);
    } catch (const abi::DecodeError& bad) {
        return core::Unexpected(error(core::ErrorKind::BadData, bad.what()));
    }
}

}  // namespace margrave::chains
