#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "core/errors.hpp"

/// What every use of libcurl begins with.
namespace margrave::channels {

struct EasyCleanup {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<CURL, EasyCleanup>;

struct ListFree {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
/// Lines of headers, or addresses.
using Lines = std::unique_ptr<curl_slist, ListFree>;

/// Of this process's libcurl, which is begun by the first.
[[nodiscard]] Easy make_easy();

void add(Lines& lines, const std::string& line);

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
    core::ensure(curl_easy_setopt(handle, option, value) == CURLE_OK,
                 "libcurl knows the options of a channel");
}

}  // namespace margrave::channels
