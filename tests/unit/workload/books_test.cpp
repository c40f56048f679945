#include <gtest/gtest.h>

#include <random>
#include <set>

#include "suites/workload/books.hpp"

namespace squall::workload {
namespace {

constexpr std::uint32_t me = 0;

/// One subscriber, one publisher, and the sum of what arrive() said.
struct Desk {
    PublishedLog log;
    Books books{1, {&log}};
    std::uint64_t fresh = 0, duplicated = 0, reordered = 0, unknown = 0, missed = 0, in_flight = 0;

    void publish(int messages, bool accepted = true) {
        for (int i = 0; i < messages; ++i) {
            const std::uint64_t sequence = log.send();
            accepted ? log.accept(sequence) : log.reject(sequence);
        }
    }
    void arrive(std::uint64_t sequence, std::uint32_t generation = 1) {
        switch (books.arrive(me, 0, sequence, generation, 0)) {
            case Arrival::reordered:
                ++reordered;
                [[fallthrough]];
            case Arrival::fresh:
                ++fresh;
                break;
            case Arrival::duplicate:
                ++duplicated;
                break;
            case Arrival::unknown:
                ++unknown;
        }
    }
    void arrive(std::initializer_list<std::uint64_t> sequences, std::uint32_t generation = 1) {
        for (const std::uint64_t sequence : sequences)
            arrive(sequence, generation);
    }
    void take() {
        for (const Loss& loss : books.take_losses())
            (loss.in_flight ? in_flight : missed) += loss.messages;
    }
    void settle(bool due = true) {
        books.settle(me, 9, due, 0);
        take();
    }
};

TEST(PublishedLog, CountsRanges) {
    PublishedLog log;
    for (int i = 0; i < 300; ++i) {
        const std::uint64_t sequence = log.send();
        if (i % 3 == 0) log.accept(sequence);
        if (i % 3 == 1) log.reject(sequence);
    }
    EXPECT_EQ(log.accepted(), 100U);
    for (const auto& [from, to] : {std::pair{0, 0}, {0, 1}, {1, 64}, {63, 65}, {64, 128}, {5, 299}, {299, 300}}) {
        std::uint64_t expected = 0;
        for (int i = from; i < to; ++i)
            expected += i % 3 == 0 ? 1 : 0;
        EXPECT_EQ(log.accepted_in(from, to), expected) << from << ' ' << to;
    }
    log.withdraw(3);
    EXPECT_EQ(log.accepted(), 99U);
}

TEST(Books, AllInOrder) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(3);
    desk.arrive({0, 1, 2});
    desk.settle();
    EXPECT_EQ(desk.fresh, 3U);
    EXPECT_EQ(desk.missed + desk.in_flight + desk.duplicated + desk.reordered, 0U);
}

TEST(Books, AGapIsMissed) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(6);
    desk.arrive({0, 3, 5});
    desk.settle();
    EXPECT_EQ(desk.fresh, 3U);
    EXPECT_EQ(desk.missed, 3U);
}

TEST(Books, LateIsReorderedNotMissed) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(6);
    desk.arrive({0, 4, 2, 1, 3, 5});
    desk.settle();
    EXPECT_EQ(desk.fresh, 6U);
    EXPECT_EQ(desk.reordered, 3U);
    EXPECT_EQ(desk.missed, 0U);
}

TEST(Books, DuplicatesAlsoAcrossReconnects) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(3);
    desk.arrive({0, 1, 1, 2});
    desk.books.close(me, 1, 0);
    desk.books.open(me, 2, false, 0);
    desk.arrive({1, 2}, 2);
    desk.settle();
    EXPECT_EQ(desk.fresh, 3U);
    EXPECT_EQ(desk.duplicated, 3U);
    EXPECT_EQ(desk.missed + desk.in_flight, 0U);
}

TEST(Books, RejectedAndUnansweredAreOwedToNobody) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(2);
    desk.publish(2, false);
    desk.log.send();  // never answered
    desk.publish(1);
    desk.arrive({0, 5});
    desk.settle();
    EXPECT_EQ(desk.missed, 1U);
    Desk got;
    got.books.open(me, 1, false, 0);
    got.log.send();
    got.publish(1);
    got.arrive({1, 0});
    got.settle();
    EXPECT_EQ(got.fresh, 2U) << "what comes counts, answered or not";
}

TEST(Books, BeforeTheConfirmationNothingIsOwed) {
    Desk desk;
    desk.publish(5);
    desk.books.open(me, 1, false, 0);
    desk.publish(2);
    desk.arrive({5, 6});
    desk.settle();
    EXPECT_EQ(desk.fresh, 2U);
    EXPECT_EQ(desk.missed, 0U);
}

TEST(Books, TheFirstArrivalShowsFromWhereOnItIsOwed) {
    Desk desk;
    desk.publish(5);
    desk.books.open(me, 1, false, 0);
    desk.arrive({2, 4});
    desk.settle();
    EXPECT_EQ(desk.fresh, 2U);
    EXPECT_EQ(desk.missed, 1U) << "3 was sent after 2";
    EXPECT_EQ(desk.reordered, 0U);
}

TEST(Books, TheTailIsInFlightAtTheEndOfAConnection) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(5);
    desk.arrive({0, 2});
    desk.books.close(me, 1, 0);
    desk.publish(10);  // while away, without resume
    desk.books.open(me, 2, false, 0);
    desk.publish(1);
    desk.arrive({15}, 2);
    desk.settle();
    EXPECT_EQ(desk.missed, 1U);
    EXPECT_EQ(desk.in_flight, 2U);
    EXPECT_EQ(desk.fresh, 3U);
}

TEST(Books, WithResumeWhatWasPublishedMeanwhileIsOwed) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(3);
    desk.arrive({0, 1});
    desk.publish(3);
    desk.books.open(me, 2, true, 0);
    desk.arrive({2, 3, 5}, 2);
    desk.settle();
    EXPECT_EQ(desk.fresh, 5U);
    EXPECT_EQ(desk.missed, 1U);
    EXPECT_EQ(desk.in_flight, 0U);
}

TEST(Books, AResumeThatNeverComesLeavesItInFlight) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(3);
    desk.arrive(0);
    desk.books.close(me, 1, 0);
    desk.settle();
    EXPECT_EQ(desk.in_flight, 2U);
    EXPECT_EQ(desk.missed, 0U);
}

TEST(Books, TheTailOfAnOpenReaderIsMissedIfItWasDue) {
    for (const bool due : {true, false}) {
        Desk desk;
        desk.books.open(me, 1, false, 0);
        desk.publish(4);
        desk.arrive({0, 1});
        desk.settle(due);
        EXPECT_EQ(desk.missed, due ? 2U : 0U);
        EXPECT_EQ(desk.in_flight, due ? 0U : 2U);
    }
}

TEST(Books, NeverSentIsUnknown) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(1);
    desk.arrive({0, 1, 100});
    EXPECT_EQ(desk.unknown, 2U);
    desk.settle();
    EXPECT_EQ(desk.missed, 0U);
}

TEST(Books, OpenHolesAreBounded) {
    Desk desk;
    desk.books.open(me, 1, false, 0);
    desk.publish(1'000);
    for (std::uint64_t sequence = 1; sequence < 1'000; sequence += 2)
        desk.arrive(sequence);
    desk.take();
    EXPECT_EQ(desk.missed, 500 - Books::gaps_max);
    desk.settle();
    EXPECT_EQ(desk.missed, 500U);
    EXPECT_EQ(desk.fresh, 500U);
}

TEST(Books, SubscribersAndPublishersDoNotMix) {
    PublishedLog a, b;
    Books books(2, {&a, &b});
    for (int i = 0; i < 3; ++i)
        a.accept(a.send());
    books.open(0, 1, false, 0);
    books.open(1, 1, false, 0);
    for (int i = 0; i < 2; ++i)
        b.accept(b.send());
    EXPECT_EQ(books.arrive(0, 1, 0, 1, 0), Arrival::fresh);
    EXPECT_EQ(books.arrive(1, 1, 1, 1, 0), Arrival::fresh);
    books.settle(0, 1, true, 0);
    books.settle(1, 1, true, 0);
    const std::vector<Loss> losses = books.take_losses();
    ASSERT_EQ(losses.size(), 2U);
    EXPECT_EQ(losses[0].subscriber, 0U);
    EXPECT_EQ(losses[1].subscriber, 1U);
}

/// Whatever happens: everything accepted is delivered, missed, in flight or was not owed; nothing is counted twice.
TEST(Books, BalanceUnderRandomHistories) {
    std::mt19937 random(7);
    for (int round = 0; round < 500; ++round) {
        Desk desk;
        std::set<std::uint64_t> got;
        std::uint32_t generation = 0;
        bool open = false, resumable = false;
        for (int step = 0; step < 200; ++step) {
            const auto what = random() % 20;
            if (what == 0) {
                if (open) {
                    if (!resumable) desk.books.close(me, generation, 0);
                    open = false;
                } else {
                    ++generation;
                    desk.books.open(me, generation, resumable && generation > 1, 0);
                    resumable = random() % 2 == 0;
                    open = true;
                }
            } else if (what < 8) {
                if (random() % 10 == 0) {
                    desk.log.send();
                } else {
                    desk.publish(1, random() % 5 != 0);
                }
            } else if (open && desk.log.sent() > 0) {
                const std::uint64_t back = std::min<std::uint64_t>(random() % 6, desk.log.sent() - 1);
                const std::uint64_t sequence = desk.log.sent() - 1 - back;
                if (desk.log.rejected(sequence)) continue;
                desk.arrive(sequence, generation);
                got.insert(sequence);
            }
        }
        desk.settle(open && random() % 2 == 0);
        ASSERT_EQ(desk.fresh, got.size()) << round;
        std::uint64_t not_got = 0;
        for (std::uint64_t i = 0; i < desk.log.sent(); ++i) {
            if (!got.contains(i)) not_got += desk.log.accepted_in(i, i + 1);
        }
        ASSERT_LE(desk.missed + desk.in_flight, not_got) << round;
    }
}

}  // namespace
}  // namespace squall::workload
