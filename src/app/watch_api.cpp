#include "app/watch_api.hpp"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "app/alerts_list.hpp"
#include "app/open_metrics.hpp"
#include "app/process_figures.hpp"
#include "app/watch_figures.hpp"
#include "app/watch_status.hpp"
#include "core/errors.hpp"
#include "core/text.hpp"
#include "settings/embedded.hpp"

namespace margrave::app {
namespace {

using server::Request;
using server::Response;

constexpr unsigned kInternalError = 500;

/// `failing` is for those who may know what is watched.
Response verdict(const std::vector<std::string>& failing, bool is_detailed) {
    nlohmann::ordered_json json;  // not of one pair in braces, which compilers read differently
    json["ok"] = failing.empty();
    if (is_detailed) {
        json["failing"] = failing;
    }
    constexpr bool kAscii = true;
    return {.status = failing.empty() ? 200U : 503U,
            .body = json.dump(-1, ' ', kAscii, nlohmann::json::error_handler_t::replace) + '\n'};
}

/// The description of this interface, and the schemas that it refers to.
constexpr std::array kDocuments{"openapi.json", "alerts.schema.json", "alert.schema.json",
                                "report.schema.json", "status.schema.json"};

}  // namespace

WatchApi::WatchApi(World& world, const HttpConfig& config, const server::Listener& listener,
                   const WatchPlan& plan, WatchMonitor& monitor, const std::string& store)
    : world_(world),
      plan_(plan),
      monitor_(monitor),
      path_(store),
      file_(store::WatchFile::open(store)),
      health_(monitor.progress, monitor.board, plan.rules,
              std::chrono::seconds(config.ready_within_s)) {
    server_ = std::make_unique<server::Server>(listener, server::Options{.names = config.names},
                                               make_router(config), monitor_.events);
}

WatchApi::~WatchApi() = default;

void WatchApi::add(server::Router& router, const std::string& path,
                   server::Router::Handler handler) {
    monitor_.metrics.offers(path);
    router.add(path, [this, path, handler = std::move(handler)](const Request& request) {
        try {
            Response out = handler(request);
            monitor_.metrics.served(path, out.status);
            return out;
        } catch (...) {
            monitor_.metrics.served(path, kInternalError);
            throw;
        }
    });
}

server::Router WatchApi::make_router(const HttpConfig& config) {
    server::Router out;
    if (config.token) {
        out.demand(*config.token);
    }
    if (config.is_for_others) {
        out.guard("/metrics");
    }
    const auto may_know = [is_for_others = config.is_for_others,
                           token = config.token](const Request& request) {
        return !is_for_others || (token && token->is_shown_by(request.authorization));
    };
    out.tell_failures_to([this](std::string_view path, std::string_view why) {
        say(world_, fmt::format("{} could not be answered: {}", core::printable(path),
                                core::printable(why)));
    });
    add(out, "/metrics", [this](const Request& request) { return metrics(request); });
    add(out, "/healthz", [this, may_know](const Request& request) {
        return verdict(health_.what_stands_still(world_.clock.now()), may_know(request));
    });
    add(out, "/readyz", [this, may_know](const Request& request) {
        return verdict(health_.what_is_unready(file_, world_.clock.now(), world_.wall_s()),
                       may_know(request));
    });
    add(out, "/v1/status", [this](const Request&) { return status(); });
    add(out, "/v1/alerts", [this](const Request&) {
        return Response{.body = alerts_list_json(file_, world_.wall_s())};
    });
    add(out, "/v1/events",
        [](const Request&) { return Response{.type = "text/event-stream", .is_stream = true}; });
    add(out, "/v1/accounts", [this](const Request& request) {
        return reports_.accounts(monitor_.board.all(), request.query);
    });
    add(out, "/v1/portfolio", [this](const Request& request) {
        return reports_.portfolio(monitor_.board.all(), request.query);
    });
    add(out, "/v1/gaps", [this](const Request& request) {
        return reports_.gaps(monitor_.board.all(), request.query);
    });
    for (const std::string name : kDocuments) {
        const auto* document = settings::find_embedded_file("docs/" + name);
        core::ensure(document != nullptr, "documents are part of the program");
        add(out, "/v1/" + name,
            [document](const Request&) { return Response{.body = std::string(document->text)}; });
    }
    return out;
}

Response WatchApi::metrics(const Request& request) {
    const std::uint64_t now_s = world_.wall_s();
    auto figures = store_figures(file_, plan_.rules, monitor_.subjects, now_s);
    figures.push_back(progress_figure(monitor_.progress.workers(world_.clock.now())));
    for (auto& more : {price_figures(monitor_.board.all(), now_s), process_figures()}) {
        figures.insert(figures.end(), more.begin(), more.end());
    }
    Response out{.type = "text/plain; version=0.0.4; charset=utf-8",
                 .body = monitor_.metrics.expose(figures),
                 .headers = {{"Vary", "Accept"}}};
    if (wants_open_metrics(request.accept)) {
        out.type = kOpenMetricsType;
        out.body = to_open_metrics(out.body);
    }
    return out;
}

Response WatchApi::status() {
    return {.body = to_json(read_status(file_, path_, world_.wall_s()))};
}

}  // namespace margrave::app
