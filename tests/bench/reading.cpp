#include "tests/bench/reading.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "chains/evm/json_text.hpp"
#include "tests/adapters/aave_v3/fake_pool.hpp"
#include "tests/bench/books.hpp"
#include "tests/support/fake_node.hpp"

namespace margrave::bench {
namespace {

namespace aave = adapters::aave_v3;
using chains::PendingCall;
using chains::abi::Uint;
using chains::evm::HttpReply;
using chains::evm::RpcCall;
using chains::evm::RpcOutcome;
using chains::evm::RpcRequest;
using core::U256;
using test::FakeNode;
using test::aave_v3::FakePool;
using test::aave_v3::FakeReserve;

/// All requests have ids from here on, so that their texts name them.
constexpr std::uint64_t kFirstId = 1;

const core::Address kRateStrategy = address(0x104);

std::string reply_to(std::uint64_t id, const RpcOutcome& outcome) {
    if (outcome) {
        return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":)" +
               outcome.value() + "}";
    }
    return nlohmann::json(
               {{"jsonrpc", "2.0"},
                {"id", id},
                {"error", {{"code", outcome.error().code}, {"message", outcome.error().message}}}})
        .dump();
}

/// What an endpoint would send to a request with these outcomes.
HttpReply http_reply(const std::vector<RpcOutcome>& outcomes) {
    HttpReply out;
    out.status = 200;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        out.body += i == 0 ? "" : ",";
        out.body += reply_to(kFirstId + i, outcomes[i]);
    }
    if (outcomes.size() != 1) {
        out.body = "[" + out.body + "]";
    }
    // As the HTTP transport leaves it.
    out.body.reserve(out.body.size() + chains::evm::JsonText::kPadding);
    return out;
}

aave::ReserveData reserve_data(const FakeReserve& at, const aave::Reserve& reserve) {
    aave::ReserveData out = FakePool::data(at, static_cast<std::uint16_t>(reserve.id));
    std::get<0>(out) = reserve.configuration.word();
    std::get<1>(out) = {reserve.liquidity_index};
    std::get<2>(out) = {reserve.liquidity_rate};
    std::get<3>(out) = {reserve.borrow_index};
    std::get<4>(out) = {reserve.borrow_rate};
    std::get<6>(out) = {reserve.last_update.value()};
    std::get<11>(out) = kRateStrategy;
    return out;
}

void install_wallet(FakeNode& node, const std::vector<FakeReserve>& reserves,
                    const core::Address& wallet, const aave::Account& account) {
    node.answer(FakePool::pool, aave::GetUserConfiguration{}, account.configuration.word(), wallet);
    node.answer(FakePool::pool, aave::GetUserEMode{}, U256(account.emode_category), wallet);
    auto held = account.balances.begin();
    for (const FakeReserve& reserve : reserves) {
        const bool has_some = held != account.balances.end() && held->reserve_id == reserve.id;
        node.answer(reserve.a_token(), aave::ScaledBalanceOf{},
                    has_some ? held->scaled_supply : U256(0), wallet);
        if (has_some) {
            node.answer(reserve.debt_token(), aave::ScaledBalanceOf{}, held->scaled_debt, wallet);
            ++held;
        }
    }
}

void install(FakePool& pool, const aave::State& state) {
    pool.reserves.clear();
    for (const auto& [id, reserve] : state.reserves) {
        pool.reserves.push_back({.id = id,
                                 .symbol = "R" + std::to_string(id),
                                 .terms = {},
                                 .price = reserve.price->answer});
        const FakeReserve& at = pool.reserves.back();
        pool.install(at);
        pool.node.answer(FakePool::pool, aave::GetReserveData{}, reserve_data(at, reserve),
                         at.asset());
        pool.node.answer(
            kRateStrategy, aave::GetInterestRateData{},
            {U256(core::ray() / 10 * 9), U256(0), U256(core::ray() / 25), U256(core::ray() / 2)},
            at.asset());
    }
    pool.install_list();
    for (const auto& [id, category] : state.emodes) {
        pool.install_emode(category);
    }
}

}  // namespace

/// Passes requests to the node until they are known, then answers with the texts that it sent.
class Reading::Endpoint final : public chains::evm::RpcTransport {
  public:
    explicit Endpoint(const aave::State& state) : node_(std::make_unique<FakeNode>()) {
        node_->block.timestamp = state.block_time;
        FakePool pool(*node_);
        install(pool, state);
        std::uint64_t wallet = kFirstWallet;
        for (const aave::Account& account : state.accounts) {
            install_wallet(*node_, pool.reserves, address(wallet++), account);
        }
        block = node_->block;
        multicall3 = node_->multicall3;
    }

    std::vector<std::vector<RpcOutcome>> send(const std::vector<RpcRequest>& requests) override {
        std::vector<std::vector<RpcOutcome>> out;
        out.reserve(requests.size());
        for (const RpcRequest& request : requests) {
            out.push_back(chains::evm::decode_reply(request, kFirstId, reply(request), "bench"));
        }
        return out;
    }
    [[nodiscard]] chains::evm::RpcTraffic traffic() const override { return {}; }

    /// The reply to a request that was sent once.
    [[nodiscard]] const HttpReply& reply(const RpcRequest& request) {
        const std::string body = chains::evm::encode_request(request, kFirstId);
        const auto known = replies_.find(body);
        if (known != replies_.end()) {
            return known->second;
        }
        if (!node_) {
            throw std::logic_error("margrave asks something else than the first time");
        }
        return replies_.emplace(body, http_reply(node_->send({request}).front())).first->second;
    }

    /// Everything was asked: the node's memory is given back.
    void close() { node_.reset(); }

    chains::Block block;
    core::Address multicall3;

  private:
    std::unique_ptr<FakeNode> node_;
    std::unordered_map<std::string, HttpReply> replies_;
};

Reading::Reading(const aave::State& state)
    : endpoint_(std::make_unique<Endpoint>(state)), settings_(test::aave_v3::pool_settings()) {
    wire_ = {.block = endpoint_->block, .multicall3 = endpoint_->multicall3};
    for (std::size_t row = 0; row < state.accounts.size(); ++row) {
        wallets_.push_back(address(kFirstWallet + row));
        const auto ask = [&](core::Bytes data) {
            PendingCall& question = questions_.emplace_back();
            question.to = FakePool::pool;
            question.data = std::move(data);
        };
        ask(aave::GetUserConfiguration::encode(wallets_.back()));
        ask(aave::GetUserEMode::encode(wallets_.back()));
    }
    for (const PendingCall& question : questions_) {
        asked_.push_back(&question);
    }
    request_ = chains::evm::encode(wire_, asked_);
    static_cast<void>(endpoint_->reply(request_));
    static_cast<void>(read());
    endpoint_->close();
}

Reading::~Reading() = default;

snapshot::Snapshot Reading::read() const {
    collect::CollectOptions options;
    options.holders.emplace();
    collect::CollectResult result =
        collect::collect(settings_,
                         {{.chain = settings_.chain("ethereum"),
                           .transport = endpoint_.get(),
                           .block = {std::to_string(endpoint_->block.number.value())},
                           .wallets = wallets_}},
                         options);
    if (!result.snapshot.gaps.empty() || result.snapshot.markets.size() != 1) {
        throw std::runtime_error("the reading is not whole: " +
                                 (result.snapshot.gaps.empty()
                                      ? std::string("no market")
                                      : result.snapshot.gaps.front().detail));
    }
    return std::move(result.snapshot);
}

const std::string& Reading::wallets_reply() const { return endpoint_->reply(request_).body; }

std::vector<U256> Reading::decode_wallets_reply() const {
    const std::vector<RpcOutcome> outcomes =
        chains::evm::decode_reply(request_, kFirstId, endpoint_->reply(request_), "bench");
    const chains::evm::Answers answers = chains::evm::decode(wire_, asked_, outcomes);
    std::vector<U256> out;
    out.reserve(asked_.size());
    for (const chains::CallOutcome& answer : answers.value()) {
        out.push_back(aave::GetUserConfiguration::decode(answer.value()));
    }
    return out;
}

}  // namespace margrave::bench
