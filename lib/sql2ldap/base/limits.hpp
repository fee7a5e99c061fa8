// Every bound of the program has its name here, with unit and reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sql2ldap::limits {

inline constexpr std::size_t mapping_text_bytes_max = 1U << 20U;     // a mapping file
inline constexpr std::size_t mapping_depth_max = 64;                 // nesting of expressions and conditions
inline constexpr std::size_t mapping_errors_max = 20;                // reported of one text, then no more
inline constexpr std::size_t values_per_attribute_max = 100'000;     // e.g. members of one alias
inline constexpr std::size_t field_bytes_max = 16U << 20U;           // one SQL field
inline constexpr std::size_t attribute_value_bytes_max = 8U << 20U;  // one LDAP value
inline constexpr std::size_t ldif_line_bytes_max = 64U << 20U;       // one unfolded line
inline constexpr std::size_t ldif_record_bytes_max = 256U << 20U;    // one record
inline constexpr std::size_t dn_bytes_max = 64U << 10U;
inline constexpr std::size_t dn_depth_max = 128;
inline constexpr std::size_t transaction_operations_in_flight = 32;  // slapd closes a connection with 100 that wait
inline constexpr std::size_t transaction_operations_max = 500;       // RFC 5805; past 500 the gain is flat
inline constexpr std::size_t search_page_entries = 1000;
inline constexpr std::size_t search_names_kept_max = 64;  // attribute names a stream remembers
inline constexpr int keepalive_idle_seconds = 60;         // TCP: a dead peer is noticed after
inline constexpr int keepalive_interval_seconds = 15;     //   idle + probes * interval
inline constexpr int keepalive_probes = 4;
inline constexpr std::size_t settings_file_bytes_max = 1U << 20U;  // --config
inline constexpr std::size_t password_file_bytes_max = 4096;       // --password-file
inline constexpr std::size_t rejects_kept_max = 100'000;           // then counted, no longer listed

inline constexpr int sql_connect_seconds_max = 10;         // until a SQL server has answered
inline constexpr int sql_lock_seconds_max = 60;            // wait for another session's table lock
inline constexpr int sql_cursor_rows = 5000;               // one FETCH; more gains nothing
inline constexpr int sqlite_busy_ms_max = 10'000;          // wait for a writer's lock
inline constexpr int slot_creation_seconds_max = 300;      // it waits for transactions that have written
inline constexpr int feed_status_seconds = 10;             // a server hears from us at least so often
inline constexpr int feed_silence_seconds_max = 60;        // then it is asked; as long again, and it is gone
inline constexpr std::size_t feed_rows_max = 50'000;       // of one transaction; above it everything is compared
inline constexpr std::size_t feed_bytes_max = 64U << 20U;  // the same of their values
inline constexpr int peek_rows_at_once = 1000;             // messages of the log, by SQL functions: one FETCH
inline constexpr std::size_t peek_changes_at_once =
    50'000;  // decoded by one call, and then to the end of a transaction;
inline constexpr std::size_t peek_changes_max = 1U << 30U;    //   more while so many wait to be confirmed
inline constexpr std::chrono::milliseconds peek_every{1000};  // where no doorbell rings
inline constexpr std::size_t journal_rows_at_once = 10'000;   // read of the outbox; more of one transaction: everything
inline constexpr std::size_t feed_rows_at_once = 3'800;       // of several transactions, applied as one
inline constexpr std::size_t pieces_gathered_max = 3;  // one is written, one is read ahead, both end with a commit
inline constexpr std::size_t transactions_singly_a_turn = 200;  // where together they are too much
inline constexpr std::chrono::seconds backlog_pause_every{10};  // for what else is to be done
inline constexpr std::size_t transactions_singly_max = 4;       // more that wait are applied as one
inline constexpr std::size_t plan_lines_kept_max = 50;          // of a plan that waits for release
inline constexpr std::size_t agreements_pending_max = 20'000;   // in memory until they are written; some 10 MB
inline constexpr std::size_t origins_per_search = 50;           // in one filter
inline constexpr std::size_t uuids_at_once = 200;               // asked for between two changes
inline constexpr int verify_rest_share = 3;                // the background verify rests so much longer than it works
inline constexpr std::chrono::seconds deletes_window{60};  // within it deletes count together
inline constexpr std::chrono::seconds purge_look_every{3600};  // for entries whose grace is over
inline constexpr std::chrono::seconds held_retry_every{1};     // the rows may have come back
inline constexpr std::chrono::seconds journal_write_every{1};
inline constexpr std::size_t aside_retried_at_once = 1'000;  // while others are followed
inline constexpr std::chrono::seconds aside_retry_first{1};  // then twice as long each time, up to
inline constexpr std::chrono::seconds aside_retry_longest{3600};
inline constexpr std::chrono::milliseconds trouble_wait_first{100};  // the same for a server that is gone
inline constexpr std::chrono::milliseconds trouble_wait_longest{10'000};
inline constexpr std::chrono::seconds capture_look_every{10};  // for retained WAL
inline constexpr std::chrono::seconds control_time_max{5};     // one request on the control socket
inline constexpr std::size_t control_request_bytes_max = 64U << 10U;
inline constexpr std::size_t rejects_shown_max = 1000;  // in one answer on the control socket
// Of the queue of hooks, which is on disk: a first load of a hundred thousand mailboxes with their aliases has room.
inline constexpr std::size_t hooks_queued_max = 250'000;    // beyond it one overflow stands for all that follow
inline constexpr std::size_t hooks_shown_max = 1000;        // in one answer on the control socket
inline constexpr std::size_t hook_output_bytes_max = 500;   // the end of what a command prints, kept as its reason
inline constexpr std::chrono::seconds hook_time_max{60};    // unless hook-timeout says otherwise
inline constexpr std::chrono::seconds hook_retry_first{5};  // then twice as long each time, up to
inline constexpr std::chrono::seconds hook_retry_longest{3600};
inline constexpr std::chrono::seconds hook_stop_wait{45};  // for one that runs; less than the unit's TimeoutStopSec
inline constexpr std::size_t keys_reread_max = 20'000;     // above it the whole source is read again
inline constexpr std::size_t single_lookups_max = 10'000;  // above it one search of all DNs is cheaper
inline constexpr std::size_t batch_refusals_max = 5;       // then the rest of a batch goes one by one
// slapd answers an operation of a transaction before its thread lets go of it, and crashes when the
// transaction ends in between: give that thread its turn first (docs/decisions/0007).
inline constexpr std::chrono::milliseconds transaction_settle_time{5};
inline constexpr std::chrono::seconds content_ask_after{10};     // of silence, a server is asked whether it is there
inline constexpr std::chrono::seconds content_wait_longest{60};  // for one event; a feed can be woken
inline constexpr std::size_t write_tries_max = 5;                // of one batch when answers are lost
inline constexpr std::size_t values_changed_singly_max = 50;     // above it an attribute is replaced as a whole

// Lookups: what clients may send, and what their clients' readers take.
inline constexpr std::size_t user_name_bytes_max = 320;               // RFC 5321: 64 + '@' + 255
inline constexpr std::size_t wire_pending_bytes_max = 64U << 10U;     // given to a decoder, not yet taken out
inline constexpr std::size_t auth_line_bytes_max = 16U << 10U;        // dovecot's own bound
inline constexpr std::size_t auth_greeting_bytes_max = 1023;          // pysieved reads 1024 bytes once
inline constexpr std::size_t auth_requests_max = 128;                 // at once on one connection
inline constexpr std::size_t userdb_line_bytes_max = 4096;            // dovecot's server takes 1024
inline constexpr std::size_t userdb_reply_bytes_max = 8191;           // dovecot's client takes 8192 with the LF
inline constexpr std::size_t dict_line_bytes_max = 16U << 10U;        // keys and user names
inline constexpr std::size_t dict_reply_bytes_max = 64U << 10U;       // dovecot's client
inline constexpr std::size_t socketmap_request_bytes_max = 8192;      // without the netstring's frame
inline constexpr std::size_t socketmap_reply_bytes_max = 100'000;     // postfix
inline constexpr std::size_t tcp_table_line_bytes_max = 4096;         // postfix, both ways
inline constexpr std::size_t query_line_bytes_max = 4096;             // one request
inline constexpr std::size_t checkpassword_bytes_max = 512;           // the interface's own bound
inline constexpr std::size_t sasl_response_bytes_max = 4096;          // decoded
inline constexpr std::uint64_t password_iterations_max = 10'000'000;  // PBKDF2, SCRAM, crypt's rounds=: some seconds
inline constexpr unsigned bcrypt_cost_max = 16;                       // 2^16 rounds: some seconds
inline constexpr std::uint64_t argon2_memory_kib_max = 1U << 20U;     // 1 GiB
inline constexpr std::uint64_t argon2_work_kib_max = 8U << 20U;       // memory times passes
inline constexpr std::size_t quick_password_bytes_max = 512;          // one that is verified in place,
inline constexpr std::size_t quick_passwords_max = 8;                 //   and so many of one account

inline constexpr std::size_t listing_bytes_max = 64U << 20U;  // of all users, in one answer

// Of the daemon that answers: clients, and what they may keep busy.
inline constexpr std::size_t clients_max = 8192;                              // connections in all
inline constexpr std::size_t clients_per_socket_max = 4096;                   // so that one protocol leaves room
inline constexpr std::size_t client_chunk_bytes = 4096;                       // read at once; then it is others' turn
inline constexpr std::size_t client_unwritten_pause_bytes = 64U << 10U;       // above it no more is read
inline constexpr std::size_t client_unwritten_bytes_max = (64U + 1U) << 20U;  // one listing and a bit
inline constexpr std::size_t clients_unwritten_bytes_max = 256U << 20U;       // of all connections together
inline constexpr std::chrono::seconds client_write_time_max{60};              // who takes less than this in it is gone
inline constexpr std::size_t client_write_least_bytes = 256U << 10U;
inline constexpr std::chrono::seconds client_idle_max{24 * 3600};    // dovecot keeps auth connections for hours
inline constexpr std::chrono::seconds lookup_client_idle_max{3600};  // of dict, socketmap, tcp
inline constexpr std::chrono::seconds query_client_idle_max{30};     // asks once, at once
inline constexpr std::chrono::seconds client_sweep_every{5};         // for those that are too slow
inline constexpr std::chrono::milliseconds accept_pause{200};        // when there are no descriptors left
inline constexpr std::chrono::seconds answer_stop_wait{5};  // for requests at work; less than any client's patience
inline constexpr std::chrono::milliseconds wrong_password_delay{2000};  // as dovecot does it
inline constexpr std::chrono::milliseconds guessed_login_delay{5000};   // of a login that is guessed from everywhere
inline constexpr std::size_t lookups_waiting_max = 1000;                // some seconds of a slow directory
inline constexpr std::size_t lookups_at_once_max = 16;                  // of them in one question to the directory
inline constexpr std::size_t lookup_groups_max = 8;                     // of such questions under way
inline constexpr std::size_t searches_at_once_max = 32;                 // on one connection; slapd takes 100
inline constexpr int searches_sent_bytes_max = 256 << 10;               // all of them together
inline constexpr std::size_t steps_together_max = 8;                    // of a question, which is begun anew for each
inline constexpr std::size_t passwords_waiting_max = 1000;              // of all clients, who take turns
inline constexpr std::chrono::seconds work_wait_max{20};                // for a worker, or for all that a question asks
inline constexpr std::size_t listings_waiting_max = 16;
inline constexpr std::size_t ways_retiring_max = 1000;         // settings that were read again, and wait for their end
inline constexpr std::size_t workers_max = 256;                // threads that verify passwords
inline constexpr std::size_t directory_connections_max = 8;    // at once, of those who ask it for each answer
inline constexpr std::chrono::seconds first_fill_patience{5};  // for a mirror, before clients are told to try later
inline constexpr std::size_t descriptors_spare = 256;          // besides clients: the directory, files, libraries
inline constexpr std::chrono::milliseconds lookup_answer_time_max{
    10'000};                                               // of the directory; exim and postfix wait longer
inline constexpr std::size_t password_samples_max = 1000;  // accounts that are looked at for a password

inline constexpr std::size_t lookup_entries_max = 100;          // with one value; more is no answer but an error
inline constexpr std::size_t domains_known_max = 10'000;        // read already, until the mirror changes
inline constexpr std::size_t comparisons_waiting_max = 10'000;  // of two ways to answer; above it they are left out
inline constexpr std::size_t mirror_entries_at_once = 100;      // of a list; in between changes are taken in
inline constexpr std::size_t differences_kept_max = 100;        // of the names that were answered differently

}  // namespace sql2ldap::limits
