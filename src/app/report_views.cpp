#include "app/report_views.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "core/address.hpp"
#include "core/text.hpp"

namespace margrave::app {
namespace {

using Json = nlohmann::ordered_json;
using server::Response;

/// Which part of the reports is asked for.
struct Choice {
    std::optional<std::string> chain;
    std::optional<std::string> wallet;  ///< in EIP-55 spelling
    std::optional<Response> refusal;
};

Choice read_choice(const ReportViews::News& news, const ReportViews::Query& query,
                   bool takes_wallet) {
    Choice out;
    for (const auto& [name, value] : query) {
        if (name == "chain") {
            out.chain = value;
        } else if (name == "wallet" && takes_wallet) {
            const auto address = core::Address::try_parse(value);
            if (!address) {
                out.refusal = server::problem(400, "wallet takes an address");
                return out;
            }
            out.wallet = address->to_string();
        } else {
            out.refusal = server::problem(400, "a parameter is not known here");
            return out;
        }
    }
    if (out.chain && !news.contains(*out.chain)) {
        out.refusal = server::problem(404, "no chain of that name is watched");
    }
    return out;
}

Response answer(const Json& json) {
    constexpr bool kAscii = true;
    return {.body = json.dump(-1, ' ', kAscii, Json::error_handler_t::replace) + '\n'};
}

Json of_wallet(const Json& items, const std::optional<std::string>& wallet) {
    if (!wallet) {
        return items;
    }
    Json out = Json::array();
    for (const Json& item : items) {
        // A gap of a whole market leaves open whose accounts it hides.
        const auto whose = item.find("wallet");
        if (whose == item.end() || whose->is_null() || *whose == *wallet) {
            out.push_back(item);
        }
    }
    return out;
}

void append(const Json& items, Json& to) { to.insert(to.end(), items.begin(), items.end()); }

}  // namespace

/// The last reports that were asked for, as JSON.
class ReportViews::Laid {
  public:
    struct Part {
        std::string chain;
        const Json* report = nullptr;  ///< nullptr before the first
    };

    std::vector<Part> parts(const News& news, const Choice& choice) {
        std::vector<Part> out;
        for (const auto& [chain, one] : news) {
            if (!choice.chain || *choice.chain == chain) {
                out.push_back({.chain = chain, .report = one.report ? &lay(chain, one) : nullptr});
            }
        }
        return out;
    }

  private:
    struct Kept {
        std::shared_ptr<const report::Report> report;
        Json json;
    };

    const Json& lay(const std::string& chain, const ChainNews& news) {
        Kept& kept = kept_[chain];
        if (kept.report != news.report) {
            kept.json = Json::parse(report::to_json(*news.report));
            kept.report = news.report;
        }
        return kept.json;
    }

    std::map<std::string, Kept> kept_;
};

ReportViews::ReportViews() : laid_(std::make_unique<Laid>()) {}
ReportViews::~ReportViews() = default;

Response ReportViews::accounts(const News& news, const Query& query) {
    Choice choice = read_choice(news, query, true);
    if (choice.refusal) {
        return *std::move(choice.refusal);
    }
    Json out{{"schema", "margrave.accounts/1"}, {"unread", Json::array()},
             {"chains", Json::array()},         {"accounts", Json::array()},
             {"holdings", Json::array()},       {"gaps", Json::array()}};
    for (const auto& [chain, report] : laid_->parts(news, choice)) {
        if (report == nullptr) {
            out["unread"].push_back(chain);
            continue;
        }
        append(report->at("chains"), out["chains"]);
        for (const char* part : {"accounts", "holdings", "gaps"}) {
            append(of_wallet(report->at(part), choice.wallet), out[part]);
        }
    }
    return answer(out);
}

Response ReportViews::portfolio(const News& news, const Query& query) {
    Choice choice = read_choice(news, query, false);
    if (choice.refusal) {
        return *std::move(choice.refusal);
    }
    Json out{{"schema", "margrave.portfolio/1"},
             {"unread", Json::array()},
             {"portfolios", Json::array()}};
    for (const auto& [chain, report] : laid_->parts(news, choice)) {
        if (report == nullptr) {
            out["unread"].push_back(chain);
            continue;
        }
        Json one{{"chain", chain}};
        for (const char* part : {"chains", "totals", "exposure", "portfolio", "gaps"}) {
            one[part] = report->at(part);
        }
        out["portfolios"].push_back(std::move(one));
    }
    return answer(out);
}

Response ReportViews::gaps(const News& news, const Query& query) {
    Choice choice = read_choice(news, query, true);
    if (choice.refusal) {
        return *std::move(choice.refusal);
    }
    Json out{{"schema", "margrave.gaps/1"},
             {"unread", Json::array()},
             {"chains", Json::array()},
             {"gaps", Json::array()}};
    for (const auto& [chain, report] : laid_->parts(news, choice)) {
        if (report == nullptr) {
            out["unread"].push_back(chain);
            continue;
        }
        append(report->at("chains"), out["chains"]);
        append(of_wallet(report->at("gaps"), choice.wallet), out["gaps"]);
    }
    return answer(out);
}

}  // namespace margrave::app
