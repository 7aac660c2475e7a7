#pragma once

#include <map>
#include <memory>
#include <string>

#include "app/watch_board.hpp"
#include "report/report.hpp"
#include "server/http.hpp"

namespace margrave::app {

/// Parts of the last reports, laid out as `margrave audit --json` lays them out, and only once
/// somebody asks. `?chain=NAME` chooses one chain, `?wallet=ADDRESS` one wallet. A chain that was
/// not read since the start stands in `unread`: nothing is known of it yet. For one thread.
class ReportViews {
  public:
    using News = std::map<std::string, ChainNews>;
    using Query = std::map<std::string, std::string, std::less<>>;

    ReportViews();
    ~ReportViews();
    ReportViews(const ReportViews&) = delete;
    ReportViews& operator=(const ReportViews&) = delete;

    [[nodiscard]] server::Response accounts(const News& news, const Query& query);
    [[nodiscard]] server::Response portfolio(const News& news, const Query& query);
    [[nodiscard]] server::Response gaps(const News& news, const Query& query);

  private:
    class Laid;
    std::unique_ptr<Laid> laid_;
};

}  // namespace margrave::app
