#include "channels/command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "core/descriptor.hpp"
#include "core/errors.hpp"

namespace margrave::channels {
namespace {

using core::Descriptor;

Delivery later(std::string why) {
    return {.outcome = Delivery::Outcome::Later, .why = std::move(why)};
}

/// A program that is not there, or may not be run, is as a receiver that is being moved.
Delivery not_run(int error) {
    Delivery out = later(fmt::format("the program cannot be run: {}", std::strerror(error)));
    if (error == ENOENT || error == EACCES) {
        out.outcome = Delivery::Outcome::Refused;
    }
    return out;
}

/// The text as a file without a name: a program that reads slowly, or not at all, holds nobody up.
/// False, with errno, where the system has none.
bool fill(const Descriptor& file, std::string_view text) {
    return file.is_open() && core::write_all(file.get(), text) &&
           ::lseek(file.get(), 0, SEEK_SET) == 0;
}

/// How a program is begun: alone in a process group of its own, with nothing of margrave's but the
/// message.
class Start {
  public:
    explicit Start(int input) {
        core::ensure(::posix_spawn_file_actions_init(&files_) == 0 &&
                         ::posix_spawnattr_init(&attributes_) == 0,
                     "there is memory to start a program");
        ::posix_spawn_file_actions_adddup2(&files_, input, STDIN_FILENO);
        ::posix_spawn_file_actions_addopen(&files_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_adddup2(&files_, STDOUT_FILENO, STDERR_FILENO);
        ::posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);
        sigset_t none{};
        sigset_t all{};
        ::sigemptyset(&none);
        ::sigfillset(&all);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &all);
        ::posix_spawnattr_setpgroup(&attributes_, 0);
        ::posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    Start(const Start&) = delete;
    Start& operator=(const Start&) = delete;
    ~Start() {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    /// 0, or why not.
    [[nodiscard]] int run(const std::vector<std::string>& argv,
                          const std::vector<std::string>& environment, pid_t& pid) const {
        const auto pointers = [](const std::vector<std::string>& texts) {
            std::vector<char*> out;
            out.reserve(texts.size() + 1);
            for (const std::string& text : texts) {
                out.push_back(const_cast<char*>(text.c_str()));
            }
            out.push_back(nullptr);
            return out;
        };
        return ::posix_spawn(&pid, argv.front().c_str(), &files_, &attributes_,
                             pointers(argv).data(), pointers(environment).data());
    }

  private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

/// Whether it ended in time; it stays to be waited for. Looked at again and again, which takes no
/// descriptor: the system may be out of them just when something is to be told.
bool wait_for_end(pid_t pid, int timeout_ms) {
    constexpr int kSliceMs = 20;
    for (int waited_ms = 0;; waited_ms += kSliceMs) {
        siginfo_t ended{};
        const bool is_known =
            ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT) == 0;
        if (is_known && ended.si_pid == pid) {
            return true;
        }
        if (waited_ms >= timeout_ms) {
            return false;
        }
        ::poll(nullptr, 0, std::min(kSliceMs, timeout_ms - waited_ms));
    }
}

/// Ends its whole group, which is its own as long as nobody waited for it, and returns its status.
int end_and_wait(pid_t pid) {
    ::kill(-pid, SIGKILL);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

Delivery judge_end(int status) {
    constexpr int kTemporary = 75;  // EX_TEMPFAIL of sysexits.h
    if (WIFSIGNALED(status)) {
        return later(fmt::format("the program was ended by signal {}", WTERMSIG(status)));
    }
    const int code = WEXITSTATUS(status);
    if (code == 0) {
        return {.outcome = Delivery::Outcome::Delivered};
    }
    return later(code == kTemporary ? "the program asks to be tried later"
                                    : fmt::format("the program ends with exit code {}", code));
}

class Command : public Channel {
  public:
    explicit Command(CommandTarget target) : target_(std::move(target)) {}

    [[nodiscard]] Delivery send(const Message& message, std::uint64_t /*now_s*/) override {
        const Descriptor input(::memfd_create("message", MFD_CLOEXEC));
        if (!fill(input, message.body)) {
            return not_run(errno);
        }
        pid_t pid = 0;
        const int error =
            Start(input.get())
                .run(target_.argv, {"PATH=" + target_.path, "MARGRAVE_ALERT_KEY=" + message.key},
                     pid);
        if (error != 0) {
            return not_run(error);
        }
        const bool is_in_time = wait_for_end(pid, target_.timeout_ms);
        const int status = end_and_wait(pid);
        return is_in_time ? judge_end(status)
                          : later(fmt::format("the program was killed after {} s",
                                              target_.timeout_ms / 1000));
    }

  private:
    CommandTarget target_;
};

}  // namespace

std::unique_ptr<Channel> make_command(CommandTarget target) {
    core::ensure(!target.argv.empty(), "a command names its program");
    return std::make_unique<Command>(std::move(target));
}

}  // namespace margrave::channels
