#include "channels/command.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <thread>

#include "tests/support/temporary_folder.hpp"

namespace margrave::channels {
namespace {

using Outcome = Delivery::Outcome;

/// A shell script that stands in for whatever program an operator has.
struct Program {
    test::TemporaryFolder folder;
    std::string path = folder.file("program");

    explicit Program(const std::string& script) {
        std::ofstream(path) << "#!/bin/sh\n" << script;
        REQUIRE(::chmod(path.c_str(), 0700) == 0);
    }
    [[nodiscard]] Delivery run(const Message& message = {.key = "0123", .body = "{\"a\":1}"},
                               int timeout_ms = 15'000) const {
        return make_command(
                   {.argv = {path, folder.file("out"), "$(id) \"x\""}, .timeout_ms = timeout_ms})
            ->send(message, 0);
    }
    [[nodiscard]] std::string written(const std::string& name = "out") const {
        std::ifstream in(folder.file(name));
        return {std::istreambuf_iterator<char>(in), {}};
    }
};

TEST_CASE("a program reads the message, its key and its arguments as they are",
          "[channels][command]") {
    const Program program(R"(printf '%s|%s|' "$2" "$MARGRAVE_ALERT_KEY" > "$1"; cat >> "$1")");
    CHECK(program.run().outcome == Outcome::Delivered);
    CHECK(program.written() == R"($(id) "x"|0123|{"a":1})");
    // More than any pipe holds, to one who reads it and to one who does not.
    const std::string large(1U << 20U, 'x');
    CHECK(program.run({.key = "1", .body = large}).outcome == Outcome::Delivered);
    CHECK(program.written().size() == large.size() + std::string(R"($(id) "x"|1|)").size());
    CHECK(Program("exit 0").run({.key = "1", .body = large}).outcome == Outcome::Delivered);
}

TEST_CASE("a program inherits neither margrave's environment nor its files",
          "[channels][command]") {
    ::setenv("MARGRAVE_TEST_SECRET", "hush", 1);
    const std::ofstream open("/dev/null");
    const Program program(R"(/usr/bin/env > "$1"; ls /proc/self/fd >> "$1")");
    CHECK(program.run().outcome == Outcome::Delivered);
    const std::string out = program.written();
    CAPTURE(out);
    CHECK(out.find("hush") == std::string::npos);
    CHECK(out.find("HOME=") == std::string::npos);
    CHECK(out.find("PATH=/usr/bin:/bin\n") != std::string::npos);
    CHECK(out.find("MARGRAVE_ALERT_KEY=0123\n") != std::string::npos);
    // 0, 1, 2, and the folder that ls has open.
    CHECK(out.find("\n0\n1\n2\n3\n") != std::string::npos);
    CHECK(out.find("\n4\n") == std::string::npos);
    ::unsetenv("MARGRAVE_TEST_SECRET");
}

TEST_CASE("how a program ends says what becomes of the message", "[channels][command]") {
    CHECK(Program("exit 0").run().outcome == Outcome::Delivered);
    const Delivery later = Program("exit 75").run();
    CHECK(later.outcome == Outcome::Later);
    CHECK(later.why == "the program asks to be tried later");
    const Delivery failed = Program("echo secret; echo secret >&2; exit 3").run();
    CHECK(failed.outcome == Outcome::Later);
    CHECK(failed.why == "the program ends with exit code 3");
    CHECK(Program("kill -9 $$").run().why == "the program was ended by signal 9");
    const Delivery missing = make_command({.argv = {"/no/such/program"}})->send({}, 0);
    CHECK(missing.outcome == Outcome::Refused);
    CHECK(missing.why == "the program cannot be run: No such file or directory");
    const Program plain("exit 0");
    REQUIRE(::chmod(plain.path.c_str(), 0600) == 0);
    CHECK(plain.run().outcome == Outcome::Refused);
    CHECK(plain.run().why == "the program cannot be run: Permission denied");
    CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // nobody is left to be waited for
    CHECK(errno == ECHILD);
}

TEST_CASE("a program that takes too long is killed with what it started", "[channels][command]") {
    const Program program(R"(sleep 60 & echo $! > "$1"; wait)");
    const Delivery came = program.run({.key = "1", .body = ""}, 1000);
    CHECK(came.outcome == Outcome::Later);
    CHECK(came.why == "the program was killed after 1 s");
    const auto child = static_cast<pid_t>(std::stol(program.written()));
    // Init, or whoever took it over, may have to wait for it first.
    bool is_gone = false;
    for (int i = 0; i < 200 && !is_gone; ++i) {
        std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
        std::string line;
        is_gone = !std::getline(stat, line) || line.find(") Z ") != std::string::npos;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    CHECK(is_gone);
}

TEST_CASE("a program has its time also where no file can be opened any more",
          "[channels][command]") {
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const int next = ::dup(STDIN_FILENO);
    ::close(next);
    // One more, for the message.
    rlimit few = before;
    few.rlim_cur = static_cast<rlim_t>(next) + 1;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    const Delivery came = make_command({.argv = {"/bin/sleep", "0.3"}})->send({}, 0);
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    CHECK(came.why.empty());
    CHECK(came.outcome == Outcome::Delivered);
}

TEST_CASE("a program that margrave's signals are kept from hears its own", "[channels][command]") {
    // margrave ignores SIGPIPE: a child that did as well would write to nobody for ever.
    ::signal(SIGPIPE, SIG_IGN);
    const Program program("kill -PIPE $$; exit 0");
    CHECK(program.run().why == "the program was ended by signal 13");
}

}  // namespace
}  // namespace margrave::channels
