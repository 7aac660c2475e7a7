#include "channels/base64.hpp"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/binary_from_base64.hpp>
#include <boost/archive/iterators/dataflow_exception.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <cstddef>

namespace margrave::channels {

std::string to_base64(std::span<const std::uint8_t> bytes) {
    using boost::archive::iterators::base64_from_binary;
    using boost::archive::iterators::transform_width;
    using Digits = base64_from_binary<transform_width<const std::uint8_t*, 6, 8>>;
    std::string out(Digits(bytes.data()), Digits(bytes.data() + bytes.size()));
    out.append((3 - bytes.size() % 3) % 3, '=');
    return out;
}

std::string to_base64(std::string_view bytes) {
    return to_base64(std::span(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
}

core::Bytes from_base64(std::string_view text) {
    using boost::archive::iterators::binary_from_base64;
    using boost::archive::iterators::transform_width;
    using Octets = transform_width<binary_from_base64<const char*>, 8, 6>;
    const std::string_view digits = text.substr(0, text.find('='));
    try {
        core::Bytes out(Octets(digits.data()), Octets(digits.data() + digits.size() / 4 * 4));
        // What is left over of a group of four is an octet less.
        Octets rest(digits.data() + digits.size() / 4 * 4);
        for (std::size_t i = 1; i < digits.size() % 4; ++i) {
            out.push_back(static_cast<std::uint8_t>(*rest++));
        }
        return to_base64(out) == text ? out : core::Bytes();
    } catch (const boost::archive::iterators::dataflow_exception&) {
        return {};
    }
}

}  // namespace margrave::channels
