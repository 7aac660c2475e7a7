#include "chains/evm/endpoint_worker.hpp"

#include <utility>

namespace margrave::chains::evm {

void Mailbox::put(FinishedJob finished) {
    {
        const std::lock_guard lock(mutex_);
        finished_.push_back(std::move(finished));
    }
    arrived_.notify_one();
}

std::optional<FinishedJob> Mailbox::take_until(Time deadline) {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_until(lock, deadline, [&] { return !finished_.empty(); })) {
        return std::nullopt;
    }
    FinishedJob first = std::move(finished_.front());
    finished_.pop_front();
    return first;
}

EndpointWorker::EndpointWorker(std::unique_ptr<RpcTransport> transport, Mailbox& mailbox)
    : transport_(std::move(transport)), mailbox_(mailbox), thread_([this] { run(); }) {}

EndpointWorker::~EndpointWorker() {
    {
        std::unique_lock lock(mutex_);
        stopping_ = true;
        next_.reset();
        changed_.notify_all();
        // A send() that is only about to begin does not notice, so it is told until it ends.
        constexpr std::chrono::milliseconds kPause{10};
        while (sending_) {
            transport_->abandon();
            changed_.wait_for(lock, kPause);
        }
    }
    thread_.join();
}

void EndpointWorker::start(std::uint64_t job, std::vector<RpcRequest> requests) {
    const std::lock_guard lock(mutex_);
    next_ = Job{.job = job, .requests = std::move(requests)};
    if (sending_) {
        transport_->abandon();
    }
    changed_.notify_all();
}

void EndpointWorker::abandon() {
    const std::lock_guard lock(mutex_);
    next_.reset();
    if (sending_) {
        transport_->abandon();
    }
}

RpcTraffic EndpointWorker::traffic() const {
    const std::lock_guard lock(mutex_);
    return traffic_;
}

void EndpointWorker::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return stopping_ || next_; });
        if (stopping_) {
            return;
        }
        const Job job = *std::exchange(next_, std::nullopt);
        sending_ = true;
        lock.unlock();
        FinishedJob finished{.job = job.job, .outcomes = {}};
        try {
            finished.outcomes = transport_->send(job.requests);
        } catch (...) {
            finished.defect = std::current_exception();
        }
        lock.lock();
        sending_ = false;
        traffic_ = transport_->traffic();
        mailbox_.put(std::move(finished));
        changed_.notify_all();
    }
}

}  // namespace margrave::chains::evm
