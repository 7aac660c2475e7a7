#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>

#include "chains/abi.hpp"
#include "chains/logs.hpp"

namespace margrave::chains::abi {

/// Marks an argument of an Event that travels as a topic. Of static types only: of the others a
/// topic holds a hash.
template <class T>
struct Indexed {};

namespace detail {

template <class Part>
struct EventPart {
    using Type = Part;
    static constexpr bool kIndexed = false;
};
template <class T>
struct EventPart<Indexed<T>> {
    static_assert(!Codec<T>::kDynamic && Codec<T>::kHeadSize == 32);
    using Type = T;
    static constexpr bool kIndexed = true;
};

template <Text Name, class... Args>
[[nodiscard]] consteval Topic event_topic() {
    const Signature signature = function_signature<Name, Args...>();
    return core::keccak256_constant(signature.view());
}

}  // namespace detail

/// A contract's event with its arguments in the order of their declaration, as in
/// Event<"Transfer", Indexed<core::Address>, Indexed<core::Address>, core::U256>.
template <Text Name, class... Parts>
class Event {
  public:
    using Values = std::tuple<typename detail::EventPart<Parts>::Type...>;

    static constexpr Topic kTopic =
        detail::event_topic<Name, typename detail::EventPart<Parts>::Type...>();

    /// Throws DecodeError for another event, for another number of topics, and for data that does
    /// not hold the arguments.
    [[nodiscard]] static Values decode(const Log& log) {
        constexpr std::size_t kTopics = 1 + (std::size_t{detail::EventPart<Parts>::kIndexed} + ...);
        if (log.topic_count != kTopics || log.topics[0] != kTopic) {
            throw DecodeError("not the event " + std::string(Name.view()));
        }
        const Decoder data(log.data);
        std::size_t topic = 0;
        std::size_t head = 0;
        const auto next = [&]<class Part>(std::type_identity<Part> /*part*/) {
            using Type = typename detail::EventPart<Part>::Type;
            if constexpr (detail::EventPart<Part>::kIndexed) {
                return Codec<Type>::decode(Decoder(log.topics.at(++topic)), 0);
            } else {
                const std::size_t mine = head;
                head += detail::head_size<Type>();
                return detail::decode_member<Type>(data, 0, mine);
            }
        };
        return Values{next(std::type_identity<Parts>{})...};
    }
};

}  // namespace margrave::chains::abi
