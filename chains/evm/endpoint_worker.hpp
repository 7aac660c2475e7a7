#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "chains/evm/rpc.hpp"

namespace margrave::chains::evm {

/// What came of a job.
struct FinishedJob {
    std::uint64_t job = 0;
    std::vector<std::vector<RpcOutcome>> outcomes;
    std::exception_ptr defect = nullptr;  ///< what send() threw, to be thrown again by who waits
};

/// Where workers leave what they finished. Thread-safe.
class Mailbox {
  public:
    using Time = std::chrono::steady_clock::time_point;

    void put(FinishedJob finished);
    /// The next one, waiting for it until then; nullopt when nothing came.
    [[nodiscard]] std::optional<FinishedJob> take_until(Time deadline);

  private:
    std::mutex mutex_;
    std::condition_variable arrived_;
    std::deque<FinishedJob> finished_;
};

/// A transport on a thread of its own, so that several endpoints are asked at once and a silent one
/// keeps nobody waiting. All members are for one and the same other thread.
class EndpointWorker {
  public:
    /// `mailbox` must outlive the worker.
    EndpointWorker(std::unique_ptr<RpcTransport> transport, Mailbox& mailbox);
    /// Ends what is under way.
    ~EndpointWorker();
    EndpointWorker(const EndpointWorker&) = delete;
    EndpointWorker& operator=(const EndpointWorker&) = delete;

    /// Sends the requests as soon as what was started earlier is done, which is given up.
    void start(std::uint64_t job, std::vector<RpcRequest> requests);
    /// Gives up what is under way, which still arrives in the mailbox, and what waits, which does
    /// not.
    void abandon();
    /// Of finished jobs.
    [[nodiscard]] RpcTraffic traffic() const;

  private:
    struct Job {
        std::uint64_t job = 0;
        std::vector<RpcRequest> requests;
    };

    void run();

    std::unique_ptr<RpcTransport> transport_;
    Mailbox& mailbox_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Job> next_;
    bool sending_ = false;
    bool stopping_ = false;
    RpcTraffic traffic_;
    std::thread thread_;  ///< last: it uses all the others
};

}  // namespace margrave::chains::evm
