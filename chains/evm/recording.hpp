#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "chains/evm/rpc.hpp"

namespace margrave::chains::evm {

/// Calls and what was answered to them: an exchange with one node, to be replayed without it.
/// Written as JSON
/// ("margrave.recording/1", docs/recording.md); it holds replies only and no endpoint.
class Recording {
  public:
    void add(const RpcCall& call, const RpcOutcome& outcome);
    /// nullptr when the call was not recorded.
    [[nodiscard]] const RpcOutcome* find(const RpcCall& call) const;
    [[nodiscard]] std::string to_json() const;
    /// Throws InputError that says what is wrong with the text.
    [[nodiscard]] static Recording from_json(std::string_view text);

  private:
    std::map<RpcCall, RpcOutcome> outcomes_;
};

/// Passes everything to `inner` and keeps it in `recording`, which must outlive the transport.
[[nodiscard]] std::unique_ptr<RpcTransport> make_record_transport(
    std::unique_ptr<RpcTransport> inner, Recording& recording);

/// Answers from the recording alone; a call that is not in it fails as NotRecorded.
[[nodiscard]] std::unique_ptr<RpcTransport> make_replay_transport(Recording recording);

}  // namespace margrave::chains::evm
