#pragma once

#include <cstdint>
#include <optional>
#include <string>

/// Where messages go. A channel sends one message once and says what came of it; when it is tried
/// again is its owner's business.
namespace margrave::channels {

struct Message {
    std::string key;   ///< the same at every try: a receiver that has seen it need not act again
    std::string body;  ///< JSON
};

struct Delivery {
    enum class Outcome : std::uint8_t {
        Delivered,
        Later,    ///< worth another try
        Refused,  ///< as it is refused while a receiver is being moved, or for good
        Never,    ///< the receiver says that it is gone
    };
    Outcome outcome = Outcome::Later;
    std::string why;                             ///< of what is not delivered; without any secret
    std::optional<std::uint64_t> retry_after_s;  ///< as the receiver asks
};

class Channel {
  public:
    virtual ~Channel() = default;
    /// `now_s` is the time of this try, on the wall. Never throws for what the receiver does.
    [[nodiscard]] virtual Delivery send(const Message& message, std::uint64_t now_s) = 0;
};

}  // namespace margrave::channels
