//! Which test covers which attack of the catalogue of threats to a server: T33 to T41 requests, T42 to T47 load, T59 to T63 networks.
//!
//! Also T22, what a job prints on a terminal, and T54, a disk that is full or fails. How long an honest match takes in a crowd (T46) is
//! a measurement: `cargo bench --bench scale -- crowd`.
//!
//! Smaller than the catalogue says, so that everybody can run them: T42 with 200 slow headers and 50 slow bodies, T43 with 20 readers
//! that do not read and 60 that do, T45 with 100 refused requests, and times of half a second where it says seconds. T47's attacks on
//! HTTP/2 have nothing to attack: the server speaks HTTP/1.1. T40 sets the level `trace`, but the command writes no log, so nothing
//! but its output, files and traces is searched.
//!
//! Not covered: T37's contracts that sign (EIP-1271), since no account here is a contract and nobody asks a chain: it comes with the
//! contracts; T41's browser.

const SERVER: &str = include_str!("../tests.rs");
const HOSTILE: &str = include_str!("hostile.rs");
const READERS: &str = include_str!("readers.rs");
const PAGES: &str = include_str!("pages.rs");
const KEPT: &str = include_str!("../kept.rs");
const FORWARDED: &str = include_str!("../forwarded.rs");
const V2_MONEY: &str = include_str!("../v2/tests/money.rs");
const V2_TIME: &str = include_str!("../v2/tests/time.rs");
const V2_RATE: &str = include_str!("../v2/tests.rs");
const VERIFY: &str = include_str!("../../../wire/auth/verify/tests.rs");
const HEADERS: &str = include_str!("../../../wire/auth/headers/tests.rs");
const MEMORY: &str = include_str!("../../../wire/auth/memory/tests.rs");
const REPLAY: &str = include_str!("../../../../../lilypad-cli/tests/it/replay.rs");
const TERMINAL: &str = include_str!("../../../../../lilypad-cli/tests/it/terminal.rs");
const DISK: &str = include_str!("../../../../../lilypad-cli/tests/it/disk.rs");
const FAILING: &str = include_str!("../../../../../lilypad-cli/tests/it/disk/failing.rs");
const CROWD: &str = include_str!("../../tests/crowd.rs");
const CUT: &str = include_str!("../../../../../lilypad-cli/tests/it/net/cut.rs");
const SLOW: &str = include_str!("../../../../../lilypad-cli/tests/it/net/slow.rs");
const TWICE: &str = include_str!("../../../../../lilypad-cli/tests/it/net/twice.rs");
const TRUST: &str = include_str!("../../../../../lilypad-cli/tests/it/net/trust.rs");
const COMMAND: &str = include_str!("../../../../../lilypad-cli/tests/it/secrets.rs");

const CATALOGUE: [(&str, &str, &str); 46] = [
    ("T33 the same request twice", VERIFY, "a_request_is_taken_once"),
    ("T34 one signature for something else", VERIFY, "another_part_is_named"),
    ("T35 wrong times", VERIFY, "the_edges_of_time_are_exact"),
    ("T36 a changed byte: method, path, query, body", VERIFY, "every_changed_byte_of_the_request_is_refused"),
    ("T36 a changed byte: headers", HEADERS, "every_changed_byte_is_refused"),
    ("T37 signatures that are not canonical", VERIFY, "only_canonical_signatures_are_read"),
    ("T38 replay after a restart", KEPT, "a_restart_forgets_no_nonce_no_spending_and_no_gift"),
    ("T38 replay after kill -9", REPLAY, "a_request_that_was_safe_when_the_solver_died_is_not_taken_again"),
    ("T38 replay after a restart without a store", MEMORY, "a_restart_takes_nothing_that_was_taken_before"),
    ("T39 another's jobs", SERVER, "another_account_sees_and_does_nothing_with_a_job"),
    ("T39 another's offers, deals and messages", HOSTILE, "nobody_acts_as_another_provider"),
    ("T40 secrets in output, logs and files", COMMAND, "no_command_shows_a_key_or_a_passphrase"),
    ("T41 pages of other origins", PAGES, "other_pages_read_nothing_and_change_nothing"),
    (
        "T41 what pages of ours may ask",
        PAGES,
        "a_page_of_ours_may_ask_for_every_route_with_every_header_that_it_needs",
    ),
    ("T41 a page whose name leads here", PAGES, "a_name_that_leads_here_all_at_once_is_not_answered"),
    ("T33 v2's headers, which can be replayed: where", V2_MONEY, "v2_headers_open_no_route_but_v2s"),
    (
        "T33 v2's headers, which can be replayed: money",
        V2_MONEY,
        "nothing_that_v2_peers_do_reaches_the_ledger",
    ),
    ("T39 another's name on v2's websocket", V2_TIME, "a_name_that_a_reader_claims_gives_it_no_power"),
    ("T41 a page whose name leads to v2's routes", V2_MONEY, "a_page_whose_name_leads_here_reads_nothing"),
    ("T43 a reader of v2's websocket that does not read", V2_TIME, "a_reader_that_does_not_read_is_dropped"),
    ("T45 a flood of v2's requests", V2_RATE, "of_a_hundred_quick_requests_for_a_path_five_are_answered"),
    (
        "T42 slow headers and bodies",
        HOSTILE,
        "slow_headers_and_slow_bodies_are_ended_and_honest_requests_go_on",
    ),
    ("T42 idle connections", HOSTILE, "a_connection_that_is_idle_is_ended"),
    (
        "T42 one address with all connections",
        HOSTILE,
        "an_address_has_so_many_connections_and_gets_their_places_back",
    ),
    (
        "T43 a reader that does not read",
        READERS,
        "who_does_not_read_is_cut_off_and_goes_on_from_its_last_event",
    ),
    ("T43 a reader that reads little", READERS, "a_reader_that_takes_a_little_now_and_then_is_cut_off_too"),
    ("T43 many of them", READERS, "many_that_do_not_read_delay_nobody"),
    (
        "T43 one account with all streams",
        READERS,
        "an_account_has_so_many_streams_and_gets_their_places_back",
    ),
    (
        "T44 spoofed origins of requests",
        HOSTILE,
        "nobody_gets_more_requests_by_saying_that_they_come_from_elsewhere",
    ),
    ("T44 spoofed origins behind proxies", FORWARDED, "only_what_our_own_proxies_added_counts"),
    ("T45 a flood", HOSTILE, "after_a_flood_everything_is_as_before_and_no_job_was_lost"),
    ("T46 a crowd of fresh keys", CROWD, "a_crowd_of_fresh_keys_gets_its_places_and_no_more"),
    ("T46 what one provider offers", CROWD, "a_provider_has_as_many_offers_as_its_stake_carries"),
    ("T46 collateral of nobody", CROWD, "collateral_that_nobody_has_is_not_promised"),
    (
        "T47 bodies and headers without end",
        HOSTILE,
        "what_is_too_large_or_no_request_is_refused_and_the_connection_ends",
    ),
    ("T22 output on a terminal", TERMINAL, "what_a_job_prints_does_nothing_to_a_terminal"),
    ("T54 a full disk", DISK, "a_solver_whose_disk_is_full_says_so_and_goes_on_when_it_has_room"),
    ("T54 a disk that fails", FAILING, "a_disk_that_fails_once_stops_the_solver_and_loses_nothing"),
    ("T59 a cut of ten seconds", CUT, "a_cut_of_ten_seconds_is_not_noticed"),
    ("T59 longer cuts", CUT, "after_a_cut_beyond_its_time_a_job_is_unpaid_and_runs_elsewhere"),
    ("T60 nothing reaches the solver", CUT, "what_does_not_reach_the_solver_is_noticed"),
    ("T60 nothing comes from the solver", CUT, "what_does_not_come_from_the_solver_is_noticed"),
    ("T61 narrow wires that lose 5 %", SLOW, "jobs_end_well_over_wires_that_lose_a_twentieth"),
    ("T61 narrow wires that lose 30 %", SLOW, "jobs_end_well_over_wires_that_lose_a_third"),
    (
        "T62 everything twice, late, out of order",
        TWICE,
        "what_comes_twice_late_and_out_of_order_ends_as_what_comes_once",
    ),
    (
        "T63 names and certificates",
        TRUST,
        "names_that_are_not_known_and_certificates_that_are_not_good_are_called_so",
    ),
];

#[test]
fn each_attack_has_its_test() {
    for (attack, file, test) in CATALOGUE {
        assert!(file.contains(&format!("fn {test}(")), "{attack}: there is no test {test}");
    }
    let covered = |number| CATALOGUE.iter().any(|(attack, ..)| attack.starts_with(&format!("T{number} ")));
    let missing: Vec<u32> =
        (33..=47).chain([22, 54]).chain(59..=63).filter(|number| !covered(*number)).collect();
    assert_eq!(missing, [0_u32; 0], "say what is covered above, and what is not");
}
