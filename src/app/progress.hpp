#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "app/world.hpp"

namespace margrave::app {

/// How far a long task is, on stderr: a bar with the time that is left on a person's terminal, else
/// a line now and then. Nothing when it is to be quiet.
class Progress {
  public:
    Progress(World& world, bool quiet) : world_(world), quiet_(quiet) {}
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress() { end(); }

    /// A task of `total` steps, `done` of which are behind us already.
    void begin(std::string what, std::uint64_t done, std::uint64_t total);
    void at(std::uint64_t done);
    void end();
    /// A line of its own, whatever is drawn.
    void tell(const std::string& line);

  private:
    [[nodiscard]] std::string left(std::uint64_t done) const;
    void draw(std::uint64_t done);

    World& world_;
    bool quiet_;
    bool is_drawn_ = false;
    std::string what_;
    std::uint64_t first_ = 0;
    std::uint64_t total_ = 0;
    std::chrono::steady_clock::time_point begin_;
    std::chrono::steady_clock::time_point told_;
};

}  // namespace margrave::app
