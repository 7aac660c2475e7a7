#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "channels/channel.hpp"
#include "store/watch_file.hpp"

namespace margrave::app {

/// What a receiver that forgets was told and is to be told again: the last delivered message of
/// each alert that still fires, or is not known, as the file has it, and of each that ended a short
/// while ago.
class Standing {
  public:
    /// Begins with what was delivered before. Throws InputError where the file cannot be used, as
    /// due() does.
    Standing(store::WatchFile& file, const std::string& channel, channels::Repeats repeats);

    /// It was delivered.
    void note(store::Outgoing message, std::uint64_t now_s);
    [[nodiscard]] std::vector<channels::Message> due(std::uint64_t now_s);

  private:
    struct Told {
        store::Outgoing message;
        std::uint64_t at_s = 0;
        bool is_end = false;
    };
    /// An alert, and whether it is about not knowing, which begins and ends beside what fires.
    using Name = std::pair<std::string, bool>;

    store::WatchFile& file_;
    channels::Repeats repeats_;
    std::map<Name, Told> told_;
};

}  // namespace margrave::app
