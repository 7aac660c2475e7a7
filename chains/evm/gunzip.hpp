#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace margrave::chains::evm {

/// Undoes gzip as the bytes arrive. margrave does this itself because libcurl 7.88 counts no
/// decoded bytes and takes a stream that ends before its checksum for a whole one.
class Gunzip {
  public:
    enum class State {
        Running,
        Finished,  ///< the end was seen and the checksum is right
        TooLarge,
        Broken,  ///< no gzip, damaged, or followed by something else
    };

    explicit Gunzip(std::size_t decoded_bytes_max);
    ~Gunzip();
    Gunzip(const Gunzip&) = delete;
    Gunzip& operator=(const Gunzip&) = delete;

    /// Appends what `bytes` decode to; `out` never grows past the limit.
    State feed(std::string_view bytes, std::string& out);
    [[nodiscard]] State state() const { return state_; }

  private:
    struct Stream;
    std::unique_ptr<Stream> stream_;
    std::size_t decoded_bytes_max_;
    State state_ = State::Running;
};

}  // namespace margrave::chains::evm
