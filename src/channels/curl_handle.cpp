#include "channels/curl_handle.hpp"

#include <mutex>

namespace margrave::channels {

Easy make_easy() {
    static std::once_flag once;
    std::call_once(once, [] {
        core::ensure(curl_global_init(CURL_GLOBAL_DEFAULT) == 0, "libcurl can be begun");
    });
    Easy handle(curl_easy_init());
    core::ensure(handle != nullptr, "there is memory for a connection");
    return handle;
}

void add(Lines& lines, const std::string& line) {
    curl_slist* const longer = curl_slist_append(lines.get(), line.c_str());
    core::ensure(longer != nullptr, "there is memory for a line");
    static_cast<void>(lines.release());
    lines.reset(longer);
}

}  // namespace margrave::channels
