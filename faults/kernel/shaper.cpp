#include "faults/kernel/shaper.hpp"

#include <fmt/format.h>
#include <linux/pkt_sched.h>
#include <netlink/errno.h>
#include <netlink/route/class.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/qdisc/fifo.h>
#include <netlink/route/qdisc/htb.h>
#include <netlink/route/qdisc/netem.h>
#include <netlink/route/tc.h>

#include <cstdio>

#include "faults/kernel/route_socket.hpp"

namespace squall::kernel {
namespace {

using Link = std::unique_ptr<rtnl_link, Freed<rtnl_link_put>>;
using Qdisc = std::unique_ptr<rtnl_qdisc, Freed<rtnl_qdisc_put>>;
using Class = std::unique_ptr<rtnl_class, Freed<rtnl_class_put>>;
using Cache = std::unique_ptr<nl_cache, Freed<nl_cache_free>>;

constexpr std::uint32_t root = 0x10000;  // 1:
constexpr std::uint32_t classes_max = 100;
constexpr std::uint32_t quantum = 1600;  // of classes that lend to each other, which these do not
constexpr int delayed_packets_max = 1'000'000;
// Of a class whose queue is to be all that holds packets up: more than a veth carries.
constexpr Bottleneck wide{.rate = 1e10, .burst = 10'000'000};

/// One interface of the calling thread's namespace, as rtnetlink has it.
struct Place {
    Socket socket;
    Link link;

    int index() const { return rtnl_link_get_ifindex(link.get()); }

    template <class T>
    T* put(T* object, std::uint32_t parent, std::uint32_t handle, const char* kind) const {
        rtnl_tc* tc = TC_CAST(object);
        rtnl_tc_set_link(tc, link.get());
        rtnl_tc_set_parent(tc, parent);
        rtnl_tc_set_handle(tc, handle);
        rtnl_tc_set_kind(tc, kind);
        return object;
    }
};

Result<Place> find(const std::string& interface) {
    auto socket = route_socket();
    if (!socket) return socket.error();
    rtnl_link* link = nullptr;
    if (const int code = rtnl_link_get_kernel(socket->get(), 0, interface.c_str(), &link); code < 0) {
        return netlink_failure("looking for interface " + interface, code);
    }
    return Place{std::move(*socket), Link(link)};
}

/// One for all classes of an interface; what belongs to none of them passes by (default 0).
Status have_root(const Place& place) {
    const Qdisc htb(place.put(rtnl_qdisc_alloc(), TC_H_ROOT, root, "htb"));
    const int code = rtnl_qdisc_add(place.socket.get(), htb.get(), NLM_F_CREATE | NLM_F_EXCL);
    if (code < 0 && code != -NLE_EXIST) return netlink_failure("making a queueing discipline (htb)", code);
    return {};
}

/// `flags`: of the request; without any, the class has to be there.
int put_class(const Place& place, std::uint32_t which, const Bottleneck& bottleneck, int flags) {
    const Class made(place.put(rtnl_class_alloc(), root, which, "htb"));
    rtnl_htb_set_rate64(made.get(), static_cast<std::uint64_t>(bottleneck.rate));
    rtnl_htb_set_ceil64(made.get(), static_cast<std::uint64_t>(bottleneck.rate));
    rtnl_htb_set_rbuffer(made.get(), bottleneck.burst);
    rtnl_htb_set_cbuffer(made.get(), bottleneck.burst);
    rtnl_htb_set_quantum(made.get(), quantum);
    return rtnl_class_add(place.socket.get(), made.get(), flags);
}

Result<std::uint32_t> add_class(const Place& place, const Bottleneck& bottleneck) {
    int code = 0;
    for (std::uint32_t number = 1; number <= classes_max; ++number) {
        code = put_class(place, root | number, bottleneck, NLM_F_CREATE | NLM_F_EXCL);
        if (code >= 0) return root | number;
        if (code != -NLE_EXIST) break;
    }
    return netlink_failure("adding a class of a set rate (htb)", code);
}

Status add_queue(const Place& place, std::uint32_t parent, const std::variant<Bottleneck, Delay>& queue) {
    const std::uint32_t handle = (0x10 + TC_H_MIN(parent)) << 16;
    const auto* delay = std::get_if<Delay>(&queue);
    const char* kind = delay != nullptr ? "netem" : "bfifo";
    const Qdisc leaf(place.put(rtnl_qdisc_alloc(), parent, handle, kind));
    if (delay != nullptr) {
        constexpr Nanos nanos_per_micro = 1000;  // netem draws from both sides of its delay
        rtnl_netem_set_delay(leaf.get(), static_cast<int>((delay->least + delay->jitter / 2) / nanos_per_micro));
        rtnl_netem_set_jitter(leaf.get(), static_cast<int>(delay->jitter / 2 / nanos_per_micro));
        rtnl_netem_set_limit(leaf.get(), delayed_packets_max);
    } else {
        rtnl_qdisc_fifo_set_limit(leaf.get(), static_cast<int>(std::get<Bottleneck>(queue).queue));
    }
    if (const int code = rtnl_qdisc_add(place.socket.get(), leaf.get(), NLM_F_CREATE | NLM_F_EXCL); code < 0) {
        return netlink_failure(std::string("giving a class its queue (") + kind + ")", code);
    }
    return {};
}

Result<Cache> classes(const Place& place) {
    nl_cache* cache = nullptr;
    if (const int code = rtnl_class_alloc_cache(place.socket.get(), place.index(), &cache); code < 0) {
        return netlink_failure("reading the classes of the path's queueing discipline", code);
    }
    return Cache(cache);
}

/// And the queueing discipline with its last class.
Status remove_class(const Place& place, std::uint32_t which) {
    const Class doomed(place.put(rtnl_class_alloc(), root, which, "htb"));
    if (const int code = rtnl_class_delete(place.socket.get(), doomed.get()); code < 0) {
        return netlink_failure("removing a class of a set rate (htb)", code);
    }
    const auto left = classes(place);
    if (!left) return left.error();
    if (nl_cache_nitems(left->get()) > 0) return {};
    const Qdisc htb(place.put(rtnl_qdisc_alloc(), TC_H_ROOT, root, "htb"));
    if (const int code = rtnl_qdisc_delete(place.socket.get(), htb.get()); code < 0) {
        return netlink_failure("removing a queueing discipline (htb)", code);
    }
    return {};
}

}  // namespace

Shaper::~Shaper() {
    if (const auto removed = remove(); !removed) std::fprintf(stderr, "squall: %s\n", removed.error().message.c_str());
}

Result<std::unique_ptr<Shaper>> Shaper::create(const Namespace& path, const std::string& interface,
                                               const std::variant<Bottleneck, Delay>& queue) {
    auto own_handle = path.duplicate();
    if (!own_handle) return own_handle.error();
    const auto* limited = std::get_if<Bottleneck>(&queue);
    const Bottleneck bottleneck = limited != nullptr ? *limited : wide;
    std::unique_ptr<Shaper> shaper(new Shaper(std::move(*own_handle), interface, bottleneck));
    const auto made = path.run([&]() -> Status {
        const auto place = find(interface);
        if (!place) return place.error();
        if (auto there = have_root(*place); !there) return there;
        const auto added = add_class(*place, bottleneck);
        if (!added) return added.error();
        shaper->class_ = *added;
        return add_queue(*place, *added, queue);
    });
    if (!made) return made.error();
    return shaper;
}

Status Shaper::set_rate(double rate) {
    bottleneck_.rate = rate;
    return path_.run([&]() -> Status {
        const auto place = find(interface_);
        if (!place) return place.error();
        if (const int code = put_class(*place, class_, bottleneck_, 0); code < 0) {
            return netlink_failure("changing the rate of a class (htb)", code);
        }
        return {};
    });
}

Result<ShaperCount> Shaper::count() const {
    ShaperCount count;
    const auto read = path_.run([&]() -> Status {
        const auto place = find(interface_);
        if (!place) return place.error();
        const auto all = classes(*place);
        if (!all) return all.error();
        const Class own(rtnl_class_get(all->get(), place->index(), class_));
        if (!own) return Error{"reading a bottleneck's counters: its class is gone"};
        const auto stat = [&](rtnl_tc_stat which) { return rtnl_tc_get_stat(TC_CAST(own.get()), which); };
        count = {stat(RTNL_TC_PACKETS), stat(RTNL_TC_BYTES), stat(RTNL_TC_OVERLIMITS), stat(RTNL_TC_DROPS),
                 stat(RTNL_TC_BACKLOG)};
        return {};
    });
    if (!read) return read.error();
    return count;
}

Status Shaper::remove() {
    if (class_ == 0) return {};
    const auto removed = path_.run([&]() -> Status {
        const auto place = find(interface_);
        if (!place) return place.error();
        return remove_class(*place, class_);
    });
    if (!removed) return removed;
    class_ = 0;
    return {};
}

}  // namespace squall::kernel
