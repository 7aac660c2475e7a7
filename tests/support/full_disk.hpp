#pragma once

#include <sys/resource.h>

#include <csignal>

namespace margrave::test {

/// While it lives no file grows, as on a disk that is full.
class FullDisk {
  public:
    explicit FullDisk(bool is_full) : is_full_(is_full) {
        if (is_full_) {
            handler_ = std::signal(SIGXFSZ, SIG_IGN);
            ::getrlimit(RLIMIT_FSIZE, &before_);
            set(0);
        }
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() {
        if (is_full_) {
            set(before_.rlim_cur);
            std::signal(SIGXFSZ, handler_);
        }
    }

  private:
    void set(rlim_t most) {
        rlimit limit = before_;
        limit.rlim_cur = most;
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    bool is_full_;
    void (*handler_)(int) = SIG_DFL;
    rlimit before_{};
};

}  // namespace margrave::test
