#pragma once

#include <memory>
#include <string>

#include "app/chain_watch.hpp"
#include "app/http_config.hpp"
#include "app/report_views.hpp"
#include "app/watch_health.hpp"
#include "app/watch_monitor.hpp"
#include "app/world.hpp"
#include "server/router.hpp"
#include "server/server.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// What a running watch answers over HTTP (docs/http.md). Reads the store through a connection of
/// its own, and reports that were made anyway: nothing that is asked here keeps a block waiting.
class WatchApi {
  public:
    /// `plan` and `monitor` outlive this. Throws InputError where the store cannot be used.
    WatchApi(World& world, const HttpConfig& config, const server::Listener& listener,
             const WatchPlan& plan, WatchMonitor& monitor, const std::string& store);
    WatchApi(const WatchApi&) = delete;
    WatchApi& operator=(const WatchApi&) = delete;
    ~WatchApi();

  private:
    [[nodiscard]] server::Router make_router(const HttpConfig& config);
    void add(server::Router& router, const std::string& path, server::Router::Handler handler);
    [[nodiscard]] server::Response metrics(const server::Request& request);
    [[nodiscard]] server::Response status();

    World& world_;
    const WatchPlan& plan_;
    WatchMonitor& monitor_;
    const std::string path_;
    store::WatchFile file_;  ///< of the thread that answers
    WatchHealth health_;
    ReportViews reports_;
    std::unique_ptr<server::Server> server_;
};

}  // namespace margrave::app
