"""The fault matrix on Linux: what happens in each row, and the tests that hold it. `scripts/faults.py` prints it.

A test is `file::function`, below tests/. A row without tests concerns Windows alone (tests/wine/rows.py).
"""

ROWS: dict[str, tuple[str, tuple[str, ...]]] = {
    "1": (
        "supervisor killed, worst tree",
        (
            "native/test_orphans.py::test_a_killed_supervisor_leaves_nothing_within_the_grace_period",
            "native/test_orphans.py::test_control_without_containment_a_killed_supervisor_leaves_the_whole_tree",
            "app/test_lifecycle.py::test_killing_the_supervisor_leaves_nothing_and_the_next_up_works",
        ),
    ),
    "2": (
        "supervisor crashes, Windows",
        (),
    ),
    "3": (
        "a shim killed",
        (
            "native/test_orphans.py::test_a_killed_shim_takes_its_tree_along",
            "native/test_orphans.py::test_a_killed_shim_takes_its_tree_along_even_where_we_adopt_nothing",
            "app/test_restarts.py::test_a_killed_shim_takes_its_service_along_and_another_is_started",
        ),
    ),
    "4": (
        "supervisor and all shims killed at once",
        (
            "native/test_orphans.py::test_what_outlives_supervisor_and_shim_is_swept_though_it_shed_its_environment",
            "native/test_orphans.py::test_control_a_sweep_by_the_environment_alone_misses_those_that_cleared_theirs",
            "app/test_leftovers.py::test_the_next_command_sweeps_what_is_left_and_says_so",
            "app/test_leftovers.py::test_what_is_still_being_stopped_is_let_be_by_status_and_waited_for_by_up",
        ),
    ),
    "5": (
        "the launcher's process group killed",
        (
            "native/test_orphans.py::test_killing_the_process_group_of_the_launcher_leaves_nothing",
            "native/test_orphans.py::test_control_killing_the_process_group_without_containment_leaves_what_left_the_group",
        ),
    ),
    "6": (
        "cleared environment and own session",
        (
            "native/test_orphans.py::test_a_killed_supervisor_leaves_nothing_within_the_grace_period",
            "native/test_brand.py::test_a_unit_that_cleared_its_environment_is_found_by_it_alone",
        ),
    ),
    "7": (
        "pid-hopping daemon",
        (
            "native/test_orphans.py::test_a_killed_supervisor_leaves_no_pid_hopping_daemon",
            "native/test_orphans.py::test_a_daemon_that_hops_from_pid_to_pid_is_swept_too",
            "native/test_orphans.py::test_a_daemon_that_hops_faster_than_we_can_look_at_everybody_is_swept",
            "native/test_orphans.py::test_control_a_look_at_everybody_alone_comes_too_late_for_a_daemon_that_hops",
            "native/test_orphans.py::test_control_a_pid_hopping_daemon_escapes_a_kill_by_pid",
        ),
    ),
    "8": (
        "main ends, leaving background children",
        (
            "native/test_children.py::test_leftovers_of_a_child_that_exits_are_killed_and_named",
            "app/test_failures.py::test_background_children_of_a_service_that_ended_are_killed_and_named",
        ),
    ),
    "9": (
        "grandchild keeps the output open",
        (
            "native/test_children.py::test_a_grandchild_that_keeps_the_output_pipe_does_not_hang_the_end",
            "native/test_children.py::test_control_plain_asyncio_waits_for_the_grandchild_that_keeps_the_pipe",
        ),
    ),
    "10": (
        "child stopped by SIGSTOP, then asked to stop",
        ("native/test_children.py::test_a_stopped_child_is_woken_to_obey",),
    ),
    "11": (
        "child ignores the stop signal",
        (
            "native/test_children.py::test_a_child_that_ignores_the_stop_signal_is_killed_after_the_grace_period",
            "app/test_interrupts.py::test_control_c_twice_kills_what_does_not_listen",
        ),
    ),
    "12": (
        "100 orphaned zombies",
        (
            "native/test_children.py::test_many_short_lived_orphans_leave_no_zombie",
            "native/test_orphans.py::test_adopted_zombies_are_collected_and_exit_codes_are_not_stolen",
        ),
    ),
    "13": (
        "spawn from a worker thread",
        ("native/test_children.py::test_starting_from_another_thread_is_refused",),
    ),
    "14": (
        "npm, sh, node, detached child",
        ("native/test_children.py::test_npm_sh_node_and_a_detached_child_stop_together_with_one_signal_each",),
    ),
    "15": (
        "20 restarts at once",
        (
            "app/test_restarts.py::test_twenty_restarts_at_once_end_with_one_instance",
            "run/test_machine.py::test_many_restarts_at_once_make_one",
        ),
    ),
    "16": (
        "stop and restart of a waiting unit",
        (
            "app/test_restarts.py::test_a_unit_that_waits_for_its_dependency_can_be_restarted_stopped_and_started",
            "run/test_machine.py::test_restarting_a_unit_that_waits_for_its_dependency_begins_nothing_early",
        ),
    ),
    "17": (
        "child dies while it is signalled",
        (
            "native/test_children.py::test_stopping_while_the_child_dies_by_itself_is_no_error",
            "app/test_restarts.py::test_stopping_a_service_that_is_just_ending_by_itself_is_no_error",
            "run/test_machine.py::test_a_message_of_an_older_incarnation_changes_nothing",
        ),
    ),
    "18": (
        "command missing, not executable, bad directory",
        (
            "native/test_children.py::test_a_command_that_cannot_run_says_why",
            "native/test_children.py::test_a_bad_working_directory_says_so",
            "app/test_failures.py::test_a_command_that_cannot_start_is_named_with_a_hint",
            "app/test_failures.py::test_a_working_directory_that_is_missing_is_named",
        ),
    ),
    "19": (
        "Ctrl-C once",
        ("app/test_interrupts.py::test_control_c_once_stops_in_order_and_exits_with_130",),
    ),
    "20": (
        "Ctrl-C twice, three times",
        (
            "app/test_interrupts.py::test_control_c_twice_kills_what_does_not_listen",
            "app/test_interrupts.py::test_control_c_three_times_leaves_at_once_and_nothing_stays",
        ),
    ),
    "21": (
        "Ctrl-C at any stage of the boot",
        (
            "app/test_interrupts.py::test_control_c_during_the_boot_cancels_whatever_goes_on",
            "app/test_interrupts.py::test_interrupting_up_in_the_background_stops_what_it_started",
            "app/test_interrupts.py::test_interrupting_up_in_the_background_stops_a_supervisor_that_has_not_said_a_word",
            "e2e/test_ends.py::test_control_c_during_the_boot_leaves_nothing",
        ),
    ),
    "22": (
        "terminal closed",
        (
            "app/test_interrupts.py::test_a_closed_terminal_stops_the_stack",
            "app/test_hostile_surroundings.py::test_a_background_stack_does_not_care_about_a_hangup",
        ),
    ),
    "23": (
        "console closed, logoff",
        (),
    ),
    "24": (
        "more signals during shutdown",
        (
            "app/test_hostile_surroundings.py::test_further_signals_do_not_cancel_a_shutdown",
            "run/test_machine.py::test_a_second_request_to_stop_changes_nothing_not_even_the_exit_code",
        ),
    ),
    "25": (
        "graceful stop on Windows",
        (),
    ),
    "26": (
        "daemon started deaf to Ctrl-C",
        (),
    ),
    "27": (
        "output closed early",
        (
            "app/test_lifecycle.py::test_output_into_a_closed_pipe_does_not_stop_the_stack",
            "security/test_readers.py::test_up_goes_on_when_nobody_wants_its_output",
            "security/test_readers.py::test_commands_end_quietly_when_nobody_wants_their_output",
        ),
    ),
    "28": (
        "10 MB line without end",
        (
            "logs/test_lines.py::test_a_line_without_end_is_split_with_a_mark_and_the_next_one_is_intact",
            "security/test_awkward_output.py::test_a_line_of_ten_megabytes_is_kept_whole_and_the_next_one_is_intact",
        ),
    ),
    "29": (
        "bytes that are no UTF-8, cut characters",
        (
            "logs/test_lines.py::test_a_character_cut_between_chunks_is_whole_and_wrong_bytes_are_replaced",
            "logs/test_files.py::test_the_childs_bytes_are_in_the_file_as_they_came",
            "security/test_awkward_output.py::test_bytes_of_every_kind_are_in_the_file_as_they_came_and_harmless_when_shown",
        ),
    ),
    "30": (
        "binary output, NUL, CR",
        (
            "logs/test_lines.py::test_every_byte_there_is_makes_harmless_lines",
            "logs/test_lines.py::test_of_a_progress_bar_the_last_state_is_shown",
            "security/test_awkward_output.py::test_bytes_of_every_kind_are_in_the_file_as_they_came_and_harmless_when_shown",
        ),
    ),
    "31": (
        "escapes that drive a terminal",
        (
            "logs/test_lines.py::test_only_colours_are_left_of_what_drives_a_terminal",
            "logs/test_lines.py::test_no_mix_of_escapes_gets_through",
            "logs/test_lines.py::test_an_unterminated_sequence_swallows_no_later_line",
            "logs/test_lines.py::test_no_bytes_in_no_pieces_get_past_the_splitter",
            "logs/test_blocks.py::test_lines_cut_from_blocks_are_those_of_the_careful_way",
            "logs/test_blocks.py::test_control_without_a_look_for_what_needs_care_they_are_not",
        ),
    ),
    "32": (
        "flood, slow reader",
        (
            "logs/test_files.py::test_memory_is_bounded_in_a_flood",
            "security/test_readers.py::test_a_flood_is_held_up_by_no_reader_and_costs_no_memory",
            "security/test_readers.py::test_control_who_reads_as_fast_as_it_comes_misses_nothing",
            "app/test_views.py::test_blocks_are_printed_byte_for_byte_as_line_by_line",
            "dashboard/test_patient.py::test_a_file_is_waited_for_and_misses_nothing",
            "native/test_children.py::test_a_flood_gets_a_wide_pipe_and_arrives_whole",
        ),
    ),
    "33": (
        "child closes its output and lives",
        (
            "native/test_children.py::test_a_child_that_closes_its_output_lives_on",
            "security/test_awkward_output.py::test_a_service_that_closes_its_output_goes_on_running",
        ),
    ),
    "34": (
        "supervisor stopped for a while",
        ("security/test_readers.py::test_a_supervisor_that_stands_still_for_a_while_loses_nothing",),
    ),
    "35": (
        "last output before a crash",
        (
            "native/test_children.py::test_the_last_output_before_a_crash_is_not_lost",
            "logs/test_files.py::test_the_last_output_before_the_end_is_never_lost",
            "security/test_awkward_output.py::test_what_a_service_said_last_before_its_death_is_never_lost",
        ),
    ),
    "36": (
        "log rotated, truncated, deleted while followed",
        (
            "logs/test_read.py::test_no_line_is_lost_when_the_log_rotates",
            "logs/test_read.py::test_truncation_is_told_and_followed_on",
            "logs/test_read.py::test_deletion_is_told_once_and_the_next_file_is_followed",
            "logs/test_read.py::test_a_file_that_took_the_place_and_the_inode_and_outgrew_what_was_read_is_told",
            "logs/test_read.py::test_a_rotated_file_that_is_replaced_while_its_rest_is_read_is_told",
            "logs/test_files.py::test_while_rotation_is_impossible_nothing_is_lost",
            "security/test_readers.py::test_a_log_that_is_deleted_truncated_replaced_and_rotated_is_followed_on",
        ),
    ),
    "37": (
        "disk full",
        (
            "logs/test_files.py::test_a_full_disk_is_counted_and_the_child_goes_on",
            "app/test_state_directory.py::test_a_log_that_cannot_be_written_is_told_by_status_and_costs_the_service_nothing",
            "app/test_state_directory.py::test_a_state_file_that_cannot_be_written_fails_loudly_before_anything_is_started",
            "state/test_store.py::test_a_full_disk_fails_a_save_loudly_and_leaves_the_old_snapshot",
            "logs/test_full_disk.py::test_a_disk_that_fills_up_holds_up_no_child_and_every_lost_byte_is_counted",
            "logs/test_full_disk.py::test_control_on_a_disk_with_room_nothing_is_lost",
        ),
    ),
    "38": (
        "console that lacks characters",
        (
            "dashboard/test_terminal.py::test_what_the_terminals_encoding_lacks_is_replaced",
            "security/test_awkward_output.py::test_a_console_that_lacks_characters_gets_replacements_and_no_error",
            "security/test_awkward_output.py::test_up_on_a_console_that_lacks_characters_shows_the_rest",
        ),
    ),
    "39": (
        "broken TOML",
        (
            "stack/test_files.py::test_a_file_that_is_no_toml_is_told_in_one_sentence",
            "stack/test_files.py::test_a_byte_order_mark_and_windows_line_ends_are_fine",
        ),
    ),
    "40": (
        "unknown key, wrong type",
        (
            "stack/test_complaints.py::test_any_misspelt_key_gets_a_suggestion",
            "stack/test_complaints.py::test_whatever_stands_anywhere_is_accepted_or_refused_but_never_a_traceback",
            "stack/test_complaints.py::test_a_wrong_type_is_told_in_plain_words",
        ),
    ),
    "41": (
        "dependency cycle, unknown, double",
        (
            "stack/test_rules.py::test_a_cycle_is_named_in_full",
            "stack/test_rules.py::test_a_unit_that_depends_on_itself_is_told_so",
            "stack/test_rules.py::test_an_unknown_dependency_gets_a_suggestion",
            "stack/test_rules.py::test_a_dependency_named_twice_is_told",
        ),
    ),
    "42": (
        "ports that are none, twice the same",
        (
            "stack/test_complaints.py::test_a_port_that_is_none_is_refused_with_the_range",
            "stack/test_rules.py::test_a_rule_tells_where_and_what",
        ),
    ),
    "43": (
        "environment missing or impossible",
        (
            "marketplace/test_contract.py::test_every_problem_is_told_at_once_and_no_value_is_shown",
            "marketplace/test_contract.py::test_line_breaks_and_nul_are_refused",
            "native/test_children.py::test_impossible_variables_are_an_error_not_a_crash",
        ),
    ),
    "44": (
        "durations that are none",
        ("stack/test_complaints.py::test_a_duration_that_is_none_is_refused",),
    ),
    "45": (
        "names that are no file names",
        ("stack/test_complaints.py::test_a_name_that_is_no_file_name_everywhere_is_refused",),
    ),
    "46": (
        "node missing or too old, no packages",
        (
            "services/test_node.py::test_a_node_that_will_not_do_is_told_with_a_remedy",
            "services/test_node.py::test_an_old_node_gives_way_to_the_wheels",
            "marketplace/test_packages.py::test_without_npm_or_node_the_remedy_is_told",
            "e2e/test_ordinary_user.py::test_a_machine_without_node_gets_a_marketplace_that_works",
        ),
    ),
    "47": (
        "stack file edited, broken, deleted",
        (
            "app/test_lifecycle.py::test_the_stack_file_may_break_while_the_stack_runs",
            "app/test_state_directory.py::test_the_stack_file_may_vanish_and_down_still_works",
        ),
    ),
    "48": (
        "spaces, other alphabets, long paths, links",
        (
            "app/test_places.py::test_the_stack_works_wherever_the_checkout_lies",
            "app/test_places.py::test_a_link_to_a_checkout_is_the_same_checkout",
        ),
    ),
    "49": (
        "ten `up`s at once",
        (
            "app/test_brute_force.py::test_of_ten_ups_at_once_exactly_one_wins_every_time",
            "app/test_brute_force.py::test_of_ten_ups_in_the_background_all_report_the_same_stack",
            "state/test_lock.py::test_of_many_that_start_at_once_exactly_one_wins",
            "state/test_lock.py::test_the_kernel_frees_the_lock_of_a_killed_supervisor",
        ),
    ),
    "50": (
        "stale state after a kill",
        (
            "app/test_lifecycle.py::test_killing_the_supervisor_leaves_nothing_and_the_next_up_works",
            "app/test_leftovers.py::test_the_next_command_sweeps_what_is_left_and_says_so",
        ),
    ),
    "51": (
        "state from before a reboot",
        (
            "app/test_leftovers.py::test_nothing_is_swept_after_a_reboot",
            "state/test_lock.py::test_a_supervisor_from_before_a_reboot_is_not_running",
        ),
    ),
    "52": (
        "pid reuse",
        (
            "native/test_processes.py::test_a_stranger_with_the_same_pid_is_not_signalled",
            "state/test_lock.py::test_a_process_that_got_the_supervisors_pid_is_not_the_supervisor",
            "native/test_processes.py::test_a_process_that_really_got_a_dead_ones_pid_is_not_signalled",
        ),
    ),
    "53": (
        "wall clock jumps",
        (
            "app/test_hostile_surroundings.py::test_a_wall_clock_that_jumps_by_hours_hurts_nothing",
            "app/test_hostile_surroundings.py::test_control_the_clock_of_that_test_does_jump",
            "logs/test_read.py::test_a_wall_clock_that_jumps_back_does_not_reorder_a_unit",
        ),
    ),
    "54": (
        "state or lock file damaged, or newer",
        (
            "state/test_store.py::test_what_cannot_be_understood_is_kept_aside",
            "state/test_store.py::test_no_damaged_byte_and_no_cut_ever_raises",
            "state/test_lock.py::test_what_is_in_the_lock_file_does_not_matter",
            "app/test_failures.py::test_a_corrupt_state_file_is_put_aside_and_nothing_is_lost",
        ),
    ),
    "55": (
        "project or state directory that cannot be written",
        (
            "marketplace/test_runtime_config.py::test_a_place_that_cannot_be_written_is_named_with_a_remedy",
            "app/test_failures.py::test_a_state_directory_that_cannot_be_written_is_named_with_the_way_out",
            "control/test_control.py::test_a_state_directory_with_a_long_path_has_its_socket_elsewhere",
        ),
    ),
    "56": (
        "state directory deleted under a running stack",
        (
            "app/test_state_directory.py::test_a_deleted_state_directory_comes_back_and_everything_works_on",
            "app/test_state_directory.py::test_a_deleted_control_file_and_socket_come_back",
        ),
    ),
    "57": (
        "supervisor cannot boot",
        ("app/test_failures.py::test_a_supervisor_that_cannot_open_its_door_says_so_with_a_remedy_and_leaves_nothing",),
    ),
    "58": (
        "versions differ",
        (
            "app/test_leftovers.py::test_a_supervisor_of_another_version_is_named_by_every_command_and_down_always_works",
            "app/test_leftovers.py::test_what_a_killed_supervisor_of_another_version_left_is_swept_too",
        ),
    ),
    "59": (
        "`down` with nothing, during boot, twice",
        (
            "app/test_lifecycle.py::test_down_with_nothing_running_succeeds_and_can_be_repeated",
            "app/test_interrupts.py::test_down_during_the_boot_cancels_it",
            "app/test_hostile_surroundings.py::test_down_twice_at_once_is_one_orderly_stop",
        ),
    ),
    "60": (
        "wanted port busy",
        (
            "app/test_failures.py::test_a_fixed_port_that_is_taken_names_its_holder_and_exits_with_4",
            "test_ports.py::test_a_stranger_on_any_address_is_seen_and_named",
        ),
    ),
    "61": (
        "port taken between choice and bind",
        (
            "app/test_stolen_ports.py::test_a_stolen_port_is_replaced_and_whoever_was_told_is_restarted",
            "app/test_stolen_ports.py::test_a_fixed_port_that_is_stolen_fails_and_names_the_thief",
            "app/test_listening.py::test_a_port_stolen_by_a_process_that_cannot_be_seen_is_replaced",
            "run/test_machine.py::test_a_lost_port_is_picked_again_three_times_and_then_fails",
        ),
    ),
    "62": (
        "occupant on another address",
        ("test_ports.py::test_a_stranger_on_any_address_is_seen_and_named",),
    ),
    "63": (
        "TIME_WAIT on our port",
        ("test_ports.py::test_a_port_in_time_wait_is_free",),
    ),
    "64": (
        "two projects, two users choose at once",
        (
            "app/test_brute_force.py::test_two_checkouts_started_at_once_never_have_the_same_port",
            "app/test_brute_force.py::test_two_users_started_at_once_never_have_the_same_port_nor_see_each_others_state",
            "test_ports.py::test_two_processes_choosing_at_once_never_choose_the_same",
            "test_ports.py::test_without_leases_two_stacks_do_collide",
        ),
    ),
    "65": (
        "a stranger answers the health check",
        (
            "app/test_stolen_ports.py::test_a_stolen_port_is_replaced_and_whoever_was_told_is_restarted",
            "native/test_children.py::test_it_owns_its_tree_with_its_orphans_and_nothing_else",
        ),
    ),
    "66": (
        "service moves to another port by itself",
        ("app/test_listening.py::test_a_service_that_moved_to_another_port_by_itself_is_told_where_it_is",),
    ),
    "67": (
        "health check hangs, drips, floods, redirects",
        (
            "probes/test_http.py::test_a_server_that_never_answers_is_given_up_within_the_timeout",
            "probes/test_http.py::test_a_dripping_body_cannot_outlast_the_timeout",
            "probes/test_http.py::test_a_huge_body_is_not_read_when_only_the_status_counts",
            "probes/test_http.py::test_a_redirect_is_not_ready_unless_it_may_be_followed",
            "probes/test_http.py::test_something_that_is_no_web_server_is_told",
        ),
    ),
    "68": (
        "proxy variables",
        (
            "probes/test_http.py::test_a_proxy_in_the_environment_is_ignored",
            "probes/test_http.py::test_the_proxy_test_can_fail",
        ),
    ),
    "69": (
        "health flips",
        (
            "run/test_probing.py::test_health_that_flips_is_lost_after_three_and_back_after_one",
            "run/test_machine.py::test_losing_liveness_is_told_and_restarts_nothing",
        ),
    ),
    "70": (
        "never ready",
        (
            "app/test_failures.py::test_a_service_that_never_gets_ready_is_given_up_with_its_last_answer",
            "app/test_failures.py::test_the_wait_timeout_exits_with_17_and_leaves_nothing",
        ),
    ),
    "71": (
        "Postgres refuses or hangs",
        (
            "probes/test_postgres.py::test_nobody_there_is_refused_and_may_heal",
            "probes/test_postgres.py::test_a_frozen_server_is_given_up_within_the_timeout",
            "app/test_dependencies.py::test_a_frozen_database_on_this_machine_fails_soon_and_is_not_replaced",
        ),
    ),
    "72": (
        "Redis refuses or hangs",
        (
            "probes/test_redis.py::test_nobody_there_is_refused_at_once",
            "probes/test_redis.py::test_a_frozen_server_is_given_up_within_the_timeout",
            "app/test_dependencies.py::test_a_frozen_redis_fails_soon",
        ),
    ),
    "73": (
        "Postgres or Redis lost midway",
        (
            "app/test_dependencies.py::test_a_database_lost_midway_is_told_and_its_users_are_left_alone_until_it_is_back",
            "app/test_dependencies.py::test_a_cache_lost_midway_is_told_and_its_users_are_left_alone_until_it_is_back",
        ),
    ),
    "74": (
        "wrong password, missing database, loading",
        (
            "probes/test_postgres.py::test_a_wrong_password_is_told_apart_from_a_missing_database",
            "probes/test_redis.py::test_a_missing_or_wrong_password_is_permanent_and_not_shown",
            "app/test_dependencies.py::test_a_wrong_password_fails_at_once_and_names_role_and_place",
            "services/test_policy.py::test_a_loading_server_is_waited_for",
        ),
    ),
    "75": (
        "psycopg on Windows",
        (),
    ),
    "76": (
        "crash while the key is made",
        (
            "marketplace/test_publishable_key.py::test_a_crash_at_any_point_never_leaves_a_third_key",
            "marketplace/test_publishable_key.py::test_many_launchers_at_once_make_one_key",
        ),
    ),
    "77": (
        "runtime-config.js read while written, hostile values",
        (
            "marketplace/test_runtime_config.py::test_readers_never_see_half_a_file",
            "marketplace/test_runtime_config.py::test_hostile_values_cannot_leave_their_string",
        ),
    ),
    "78": (
        "no more file handles, no more processes",
        (
            "app/test_restarts.py::test_a_supervisor_out_of_file_handles_backs_off_and_recovers",
            "app/test_restarts.py::test_where_no_more_processes_are_allowed_the_service_backs_off_and_recovers",
            "native/test_children.py::test_exhausted_file_handles_are_an_error_not_a_crash",
        ),
    ),
    "79": (
        "child killed by the kernel",
        ("app/test_restarts.py::test_a_child_that_the_system_killed_is_told_as_such_and_started_again",),
    ),
    "80": (
        "crash loop",
        (
            "app/test_restarts.py::test_a_service_that_keeps_crashing_is_given_up_until_somebody_starts_it",
            "run/test_machine.py::test_a_crashing_service_waits_longer_before_each_restart",
            "run/test_machine.py::test_being_ready_long_enough_clears_the_failures",
            "run/test_machine_properties.py::test_the_invariants_hold",
        ),
    ),
    "81": (
        "suspend and resume",
        (
            "run/test_awake.py::test_a_deadline_that_came_up_meanwhile_is_put_off",
            "run/test_awake.py::test_control_a_plain_deadline_is_over_after_it",
            "run/test_awake.py::test_a_service_that_was_starting_when_the_lid_closed_gets_its_whole_time",
        ),
    ),
    "82": (
        "storm of file changes, editors",
        (
            "run/test_watching.py::test_a_thousand_touches_are_one_restart",
            "run/test_watching.py::test_an_editor_that_replaces_the_file_is_seen_every_time",
            "run/test_watching.py::test_churn_in_packages_and_temporary_files_restart_nothing",
        ),
    ),
    "S1": (
        "a name rebound to this machine drives the API",
        (
            "control/test_door.py::test_no_bad_host_is_served_anywhere_by_any_method",
            "control/test_door.py::test_a_host_that_is_not_exactly_ours_is_refused",
            "control/test_wire.py::test_an_old_version_without_host_is_refused_and_with_everything_is_served",
            "security/test_no_way_in.py::test_the_supervisor_has_no_network_socket_at_all",
            "control/test_door.py::test_without_its_door_the_server_would_answer_anybody",
        ),
    ),
    "S2": (
        "any Origin, whatever it says",
        ("control/test_door.py::test_no_browser_is_served_anywhere_by_any_method_even_with_the_right_token",),
    ),
    "S3": (
        "cross-site requests and preflights",
        (
            "control/test_door.py::test_a_preflight_is_told_nothing",
            "control/test_wire.py::test_no_connection_becomes_another_protocol",
        ),
    ),
    "S4": (
        "simple requests with side effects, on every route and method",
        (
            "control/test_door.py::test_no_route_and_no_method_works_without_the_very_token",
            "control/test_door.py::test_each_route_has_its_one_method",
            "control/test_door.py::test_a_form_that_any_page_could_send_is_refused",
        ),
    ),
    "S5": (
        "tokens missing, wrong, huge, doubled",
        (
            "control/test_door.py::test_no_route_and_no_method_works_without_the_very_token",
            "control/test_door.py::test_a_token_too_large_to_be_one_is_cut_off",
            "control/test_wire.py::test_what_counts_may_come_once_only_even_if_both_are_right",
            "control/test_control.py::test_each_supervisor_has_a_token_of_its_own",
        ),
    ),
    "S6": (
        "readable token file, foreign or linked directories",
        (
            "control/test_control.py::test_socket_and_token_are_their_owners_alone_whatever_the_umask",
            "native/test_files.py::test_a_directory_of_another_user_is_refused",
            "native/test_files.py::test_links_and_files_are_refused_and_left_alone",
        ),
    ),
    "S7": (
        "names that reach for internals",
        (
            "control/test_door.py::test_no_other_path_leads_anywhere",
            "control/test_door.py::test_what_is_no_command_is_refused",
            "security/test_no_way_in.py::test_commands_about_units_there_are_none_of_do_nothing",
        ),
    ),
    "S8": (
        "binding beyond this machine",
        (
            "security/test_no_way_in.py::test_there_is_no_way_to_ask_for_more",
            "security/test_no_way_in.py::test_nor_can_a_stack_file_ask_for_it",
        ),
    ),
    "S9": (
        "slow, huge, many requests",
        (
            "control/test_load.py::test_a_huge_body_is_refused_before_it_is_read",
            "control/test_load.py::test_whoever_does_not_finish_a_request_is_hung_up_on",
            "control/test_load.py::test_a_second_request_on_a_connection_may_not_drip_either",
            "control/test_load.py::test_a_body_of_a_gigabyte_that_really_comes_is_cut_off",
            "security/test_no_way_in.py::test_two_hundred_sockets_and_slow_ones_leave_services_and_commands_alone",
        ),
    ),
    "S10": (
        "somebody else in the supervisor's place",
        (
            "control/test_client.py::test_a_stranger_on_a_stale_port_never_gets_the_token",
            "control/test_client.py::test_without_the_proof_a_stranger_would_get_it",
            "control/test_client.py::test_a_client_leaves_a_socket_of_another_user_alone",
            "control/test_client.py::test_a_socket_that_another_users_process_listens_on_is_told_nothing",
        ),
    ),
    "S11": (
        "links and foreign sockets in our places",
        (
            "control/test_control.py::test_what_is_no_socket_of_ours_is_never_removed",
            "security/test_no_way_in.py::test_links_in_our_places_lead_us_nowhere",
            "security/test_no_way_in.py::test_a_runtime_directory_of_somebody_else_is_not_used",
        ),
    ),
    "S12": (
        "secrets in command lines",
        (
            "security/test_secrets.py::test_no_secret_shows_anywhere",
            "native/test_children.py::test_secrets_in_environment_and_input_show_in_no_command_line",
            "e2e/test_confidential.py::test_no_secret_is_in_any_command_line",
        ),
    ),
    "S13": (
        "secrets in logs, errors, status, tracebacks",
        (
            "security/test_secrets.py::test_no_secret_shows_anywhere",
            "security/test_secrets.py::test_the_search_finds_what_is_to_be_found",
            "security/test_secrets.py::test_a_terminal_is_told_no_secret_either",
            "logs/test_redact.py::test_a_secret_split_at_any_place_never_shows",
            "logs/test_redact.py::test_without_a_known_secret_it_does_show",
            "security/test_tracebacks.py::test_a_fault_while_booting_is_a_sentence_without_secrets",
            "security/test_tracebacks.py::test_control_without_the_mask_those_tracebacks_tell",
        ),
    ),
    "S14": (
        "secrets in files for the browser",
        (
            "marketplace/test_runtime_config.py::test_what_must_not_be_public_is_refused",
            "e2e/test_confidential.py::test_no_secret_is_in_logs_events_state_or_public_files",
        ),
    ),
    "S15": (
        "the whole environment for every service",
        (
            "security/test_secrets.py::test_a_unit_gets_what_its_contract_names_and_one_that_inherits_nothing_gets_just_that",
            "app/test_inspecting.py::test_the_storefront_gets_no_secret_of_the_backend",
            "e2e/test_confidential.py::test_only_the_backend_is_told_the_backends_secrets",
        ),
    ),
    "S16": (
        "arguments that a shell would understand",
        ("security/test_hostile_checkout.py::test_arguments_reach_the_child_as_they_were_written",),
    ),
    "S17": (
        "escapes in logs, errors, names",
        (
            "security/test_terminal_escapes.py::test_what_is_shown_of_each_attack_drives_and_hides_nothing",
            "security/test_terminal_escapes.py::test_no_command_shows_any_of_it",
            "security/test_terminal_escapes.py::test_the_holder_of_a_port_is_named_without_its_escapes",
            "security/test_terminal_escapes.py::test_control_without_the_filter_results_and_errors_show_it",
        ),
    ),
    "S18": (
        "a hostile checkout: .env, templates, modules",
        (
            "security/test_hostile_checkout.py::test_what_a_dotenv_file_says_stays_as_it_is_said",
            "security/test_hostile_checkout.py::test_a_dry_run_shows_every_command_and_runs_none",
            "security/test_hostile_checkout.py::test_a_value_that_looks_like_a_template_is_not_expanded_again",
            "stack/test_envfiles.py::test_nothing_in_an_env_file_is_expanded_or_executed",
        ),
    ),
    "S19": (
        "programs planted in the current directory",
        (
            "security/test_hostile_checkout.py::test_a_program_in_the_checkout_is_never_found_by_a_relative_path",
            "security/test_hostile_checkout.py::test_control_an_absolute_path_of_the_users_own_does_count",
            "security/test_hostile_checkout.py::test_servers_and_toolchains_are_not_looked_up_there_either",
        ),
    ),
    "S20": (
        "files that others may read, names that lead elsewhere",
        (
            "security/test_secrets.py::test_every_file_and_directory_is_its_owners_alone_whatever_the_umask",
            "stack/test_complaints.py::test_a_name_that_is_no_file_name_everywhere_is_refused",
            "security/test_no_way_in.py::test_logs_are_not_written_where_a_link_leads",
        ),
    ),
    "S21": (
        "a sweep that meets decoys",
        (
            "security/test_decoys.py::test_a_process_of_another_user_with_our_mark_survives_every_sweep",
            "security/test_decoys.py::test_a_process_of_another_user_with_our_brand_survives_too",
            "security/test_decoys.py::test_what_only_names_the_instance_survives",
            "security/test_decoys.py::test_a_process_that_got_the_pid_of_ours_is_not_signalled",
        ),
    ),
    "S22": (
        "the key is reused, revocable, not leaked",
        (
            "marketplace/test_publishable_key.py::test_a_key_is_created_once_as_medusa_would_and_then_reused",
            "marketplace/test_publishable_key.py::test_a_revoked_key_is_replaced_and_one_revoked_in_the_future_is_not",
            "state/test_records.py::test_secrets_are_their_owners_alone",
        ),
    ),
    "S23": (
        "services that others in the network reach",
        (
            "security/test_hostile_checkout.py::test_every_server_of_the_preset_listens_on_this_machine_alone",
            "app/test_listening.py::test_a_service_that_other_machines_can_reach_is_warned_about_once",
            "app/test_listening.py::test_a_service_on_loopback_is_not_warned_about",
        ),
    ),
}
