"""The fault matrix on Windows: which tests ask each of its rows under Wine, and which rows Wine cannot answer.

A test is `file::function`, below tests/; one of tests/wine/ drives Wine from outside, any other runs within it.
"""

PORTABLE = "test_ports.py"
CONTAINMENT, PROCESSES = "wine/test_containment.py", "wine/test_processes_and_files.py"
PRODUCT, INTERRUPTIONS = "wine/test_product.py", "wine/test_interruptions.py"
RUNNING, SURROUNDINGS = "wine/test_running.py", "wine/test_surroundings.py"

ROWS: dict[str, tuple[str, ...]] = {
    "2 supervisor ends hard": (
        f"{CONTAINMENT}::test_a_killed_supervisor_leaves_nothing",
        f"{CONTAINMENT}::test_control_without_a_job_a_killed_supervisor_leaves_its_tree",
        f"{PRODUCT}::test_a_killed_supervisor_takes_everything_with_it_on_windows",
    ),
    "8 leftovers of a main process": (
        f"{CONTAINMENT}::test_leftovers_are_killed_and_named_and_do_not_hold_the_output",
        f"{CONTAINMENT}::test_a_grandchild_started_at_once_is_held",
    ),
    "9 grandchild holds the output": (
        f"{CONTAINMENT}::test_leftovers_are_killed_and_named_and_do_not_hold_the_output",
    ),
    "11 child ignores Ctrl-C": (f"{CONTAINMENT}::test_who_ignores_ctrl_c_is_killed_after_the_grace_period",),
    "15 twenty restarts at once": (
        f"{RUNNING}::test_twenty_restarts_at_once_end_with_one_instance",
        "run/test_machine.py::test_many_restarts_at_once_make_one",
    ),
    "16 stop and restart of a unit that waits": (
        f"{RUNNING}::test_a_unit_that_waits_for_its_dependency_can_be_restarted_stopped_and_started",
        "run/test_machine.py::test_restarting_a_unit_that_waits_for_its_dependency_begins_nothing_early",
    ),
    "17 child dies while it is stopped": (f"{CONTAINMENT}::test_a_child_that_dies_while_it_is_stopped_is_no_error",),
    "18 command cannot start": (
        f"{PROCESSES}::test_what_cannot_be_started_says_why",
        f"{PRODUCT}::test_bad_input_is_told_without_a_traceback_on_windows",
    ),
    "19 Ctrl-C once": (f"{PRODUCT}::test_ctrl_c_stops_the_stack_on_windows",),
    "20 Ctrl-C twice": (
        f"{INTERRUPTIONS}::test_ctrl_c_twice_kills_what_does_not_listen",
        f"{INTERRUPTIONS}::test_control_ctrl_c_once_waits_for_what_does_not_listen",
    ),
    "21 Ctrl-C during the boot": (
        f"{INTERRUPTIONS}::test_ctrl_c_during_the_boot_cancels_whatever_goes_on",
        f"{INTERRUPTIONS}::test_down_during_the_boot_cancels_it_and_may_be_repeated",
    ),
    "25 polite stop": (
        f"{CONTAINMENT}::test_a_polite_stop_is_ctrl_c_and_keeps_the_exit_code",
        f"{CONTAINMENT}::test_an_unhandled_ctrl_c_is_told_as_an_interrupt",
    ),
    "26 daemon in a process group of its own": (
        f"{CONTAINMENT}::test_a_daemon_made_deaf_to_ctrl_c_can_still_stop_its_services",
    ),
    "28 10 MB line": (
        f"{RUNNING}::test_a_long_line_a_flood_and_binary_output_neither_block_nor_break_anything",
        "logs/test_lines.py::test_a_line_without_end_is_split_with_a_mark_and_the_next_one_is_intact",
    ),
    "29 bytes that are no UTF-8": (
        "logs/test_lines.py::test_a_character_cut_between_chunks_is_whole_and_wrong_bytes_are_replaced",
        "logs/test_files.py::test_the_childs_bytes_are_in_the_file_as_they_came",
    ),
    "30 binary output": (
        f"{RUNNING}::test_a_long_line_a_flood_and_binary_output_neither_block_nor_break_anything",
        "logs/test_lines.py::test_every_byte_there_is_makes_harmless_lines",
        "logs/test_lines.py::test_of_a_progress_bar_the_last_state_is_shown",
    ),
    "31 escape sequences": (
        "logs/test_lines.py::test_only_colours_are_left_of_what_drives_a_terminal",
        "logs/test_lines.py::test_no_mix_of_escapes_gets_through",
        "logs/test_lines.py::test_an_unterminated_sequence_swallows_no_later_line",
    ),
    "32 flood and slow reader": (
        f"{RUNNING}::test_a_long_line_a_flood_and_binary_output_neither_block_nor_break_anything",
        "logs/test_files.py::test_memory_is_bounded_in_a_flood",
        "logs/test_files.py::test_a_flood_is_taken_in_without_blocking_for_long",
    ),
    "33 child closes its output": (f"{RUNNING}::test_a_service_that_closes_its_output_lives_on",),
    "35 last words": (
        f"{RUNNING}::test_the_last_words_before_the_end_are_not_lost",
        "logs/test_files.py::test_the_last_output_before_the_end_is_never_lost",
    ),
    "38 console of few characters": (
        f"{SURROUNDINGS}::test_a_console_that_knows_few_characters_gets_question_marks_and_no_crash",
        "dashboard/test_terminal.py::test_what_the_terminals_encoding_lacks_is_replaced",
    ),
    "39 broken TOML": (
        "stack/test_files.py::test_a_file_that_is_no_toml_is_told_in_one_sentence",
        "stack/test_files.py::test_a_byte_order_mark_and_windows_line_ends_are_fine",
        "stack/test_files.py::test_an_unreadable_file_is_told_with_the_reason",
    ),
    "40 unknown keys, wrong types": (
        "stack/test_complaints.py::test_an_unknown_key_is_told_with_its_path_and_the_nearest_name",
        "stack/test_complaints.py::test_any_misspelt_key_gets_a_suggestion",
        "stack/test_complaints.py::test_a_wrong_type_is_told_in_plain_words",
    ),
    "41 dependency cycles": (
        "stack/test_rules.py::test_a_cycle_is_named_in_full",
        "stack/test_rules.py::test_a_unit_that_depends_on_itself_is_told_so",
        "stack/test_rules.py::test_an_unknown_dependency_gets_a_suggestion",
        "stack/test_rules.py::test_a_dependency_named_twice_is_told",
    ),
    "42 impossible ports": (
        "stack/test_complaints.py::test_a_port_that_is_none_is_refused_with_the_range",
        "probes/test_others.py::test_what_is_no_address_is_permanent",
    ),
    "43 environment": (
        f"{SURROUNDINGS}::test_every_problem_of_the_environment_is_told_at_once_without_values",
        f"{PROCESSES}::test_what_cannot_be_started_says_why",
        "stack/test_envfiles.py::test_an_env_file_that_cannot_be_used_is_told_without_its_values",
    ),
    "44 impossible durations": ("stack/test_complaints.py::test_a_duration_that_is_none_is_refused",),
    "45 names": (
        "stack/test_complaints.py::test_a_name_that_is_no_file_name_everywhere_is_refused",
        "stack/test_write.py::test_any_directory_gives_a_valid_name",
    ),
    "46 no Node": (f"{SURROUNDINGS}::test_a_machine_without_node_is_told_before_anything_starts",),
    "47 stack file breaks while it runs": (
        f"{SURROUNDINGS}::test_a_difficult_path_and_a_stack_file_that_breaks_and_goes_while_the_stack_runs",
    ),
    "48 difficult paths": (
        f"{SURROUNDINGS}::test_a_difficult_path_and_a_stack_file_that_breaks_and_goes_while_the_stack_runs",
    ),
    "49 several ups at once": (
        f"{INTERRUPTIONS}::test_of_several_ups_at_once_exactly_one_wins",
        "state/test_lock.py::test_of_many_that_start_at_once_exactly_one_wins",
        "state/test_lock.py::test_the_loser_names_the_winners_pid_and_age",
    ),
    "50 stale state": (
        f"{PRODUCT}::test_a_killed_supervisor_takes_everything_with_it_on_windows",
        "state/test_lock.py::test_the_kernel_frees_the_lock_of_a_killed_supervisor",
    ),
    "54 damaged state": (
        "state/test_store.py::test_what_cannot_be_understood_is_kept_aside",
        "state/test_store.py::test_no_damaged_byte_and_no_cut_ever_raises",
        "state/test_lock.py::test_what_is_in_the_lock_file_does_not_matter",
    ),
    "57 daemon cannot begin": (f"{SURROUNDINGS}::test_a_supervisor_that_cannot_begin_is_told_with_its_last_words",),
    "58 other version": (
        f"{RUNNING}::test_a_supervisor_of_another_version_is_named_and_down_always_works",
        "control/test_control.py::test_a_client_can_ask_for_the_version",
    ),
    "59 down at any time": (
        f"{INTERRUPTIONS}::test_down_during_the_boot_cancels_it_and_may_be_repeated",
        f"{SURROUNDINGS}::test_a_difficult_path_and_a_stack_file_that_breaks_and_goes_while_the_stack_runs",
    ),
    "60 port busy": (
        f"{SURROUNDINGS}::test_a_fixed_port_that_is_taken_ends_the_start_with_4",
        f"{PORTABLE}::test_nothing_stays_held_after_a_failure",
    ),
    "62 occupant on one address": (
        f"{PORTABLE}::test_a_stranger_on_any_address_is_seen_and_named",
        f"{PORTABLE}::test_nobody_can_take_a_held_port",
    ),
    "64 two checkouts": (
        f"{SURROUNDINGS}::test_two_checkouts_never_get_the_same_port",
        f"{PORTABLE}::test_two_processes_choosing_at_once_never_choose_the_same",
        f"{PORTABLE}::test_without_leases_two_stacks_do_collide",
    ),
    "67 health that hangs, drips, floods": (
        "probes/test_http.py::test_a_server_that_never_answers_is_given_up_within_the_timeout",
        "probes/test_http.py::test_a_dripping_body_cannot_outlast_the_timeout",
        "probes/test_http.py::test_a_huge_body_is_not_read_when_only_the_status_counts",
        "probes/test_http.py::test_a_redirect_is_not_ready_unless_it_may_be_followed",
        "probes/test_http.py::test_something_that_is_no_web_server_is_told",
    ),
    "68 proxies": (
        "probes/test_http.py::test_a_proxy_in_the_environment_is_ignored",
        "probes/test_http.py::test_the_proxy_test_can_fail",
    ),
    "69 health that flips": (
        "run/test_probing.py::test_health_that_flips_is_lost_after_three_and_back_after_one",
        "run/test_machine.py::test_losing_liveness_is_told_and_restarts_nothing",
    ),
    "70 never ready": (
        f"{SURROUNDINGS}::test_a_service_that_never_gets_ready_is_given_up_with_its_last_answer",
        "run/test_probing.py::test_at_the_deadline_the_last_answer_is_kept_for_the_report",
    ),
    "72 Redis refuses or hangs": (
        "probes/test_redis.py::test_nobody_there_is_refused_at_once",
        "probes/test_redis.py::test_a_dripping_server_is_given_up_within_the_timeout",
    ),
    "75 psycopg": (
        "probes/test_postgres.py::test_a_server_that_answers_is_ready",
        "marketplace/test_publishable_key.py::test_a_key_is_created_once_as_medusa_would_and_then_reused",
    ),
    "76 crash while the key is made": (
        "marketplace/test_publishable_key.py::test_a_crash_at_any_point_never_leaves_a_third_key",
        "marketplace/test_publishable_key.py::test_many_launchers_at_once_make_one_key",
    ),
    "77 runtime-config.js": (
        "marketplace/test_runtime_config.py::test_readers_never_see_half_a_file",
        "marketplace/test_runtime_config.py::test_hostile_values_cannot_leave_their_string",
    ),
    "80 flapping": (
        f"{RUNNING}::test_a_service_that_keeps_crashing_is_given_up_until_somebody_starts_it",
        "run/test_machine.py::test_a_service_that_flaps_is_given_up_and_the_rest_goes_on",
        "run/test_machine.py::test_being_ready_long_enough_clears_the_failures",
    ),
    "S1 rebinding": (
        "control/test_door.py::test_a_host_that_is_not_exactly_ours_is_refused",
        "control/test_door.py::test_no_bad_host_is_served_anywhere_by_any_method",
    ),
    "S2 origins": ("control/test_door.py::test_no_browser_is_served_anywhere_by_any_method_even_with_the_right_token",),
    "S3 preflights": ("control/test_door.py::test_a_preflight_is_told_nothing",),
    "S4 simple requests": (
        "control/test_door.py::test_no_route_and_no_method_works_without_the_very_token",
        "control/test_door.py::test_a_form_that_any_page_could_send_is_refused",
    ),
    "S5 tokens": (
        "control/test_door.py::test_no_route_and_no_method_works_without_the_very_token",
        "control/test_door.py::test_a_token_too_large_to_be_one_is_cut_off",
        "control/test_control.py::test_each_supervisor_has_a_token_of_its_own",
    ),
    "S6 private directories": (f"{PROCESSES}::test_private_directories_and_files",),
    "S9 slow and huge requests": (
        "control/test_load.py::test_a_huge_body_is_refused_before_it_is_read",
        "control/test_load.py::test_whoever_does_not_finish_a_request_is_hung_up_on",
        "control/test_load.py::test_two_hundred_idle_connections_do_no_lasting_harm",
    ),
    "S10 a stranger in the supervisor's place": (
        "control/test_client.py::test_a_stranger_on_a_stale_port_never_gets_the_token",
        "control/test_client.py::test_without_the_proof_a_stranger_would_get_it",
    ),
    "S16 arguments": (
        f"{PROCESSES}::test_arguments_reach_the_child_as_they_are",
        f"{PROCESSES}::test_what_cannot_be_started_says_why",
    ),
    "S19 planted programs": (
        f"{PROCESSES}::test_programs_come_before_batch_files_and_the_current_directory_never_counts",
    ),
    "S20 private files, names that escape": (
        f"{PROCESSES}::test_private_directories_and_files",
        "stack/test_complaints.py::test_a_name_that_is_no_file_name_everywhere_is_refused",
    ),
}

NO_OWNERS = "Wine shows listeners without their processes: none is known as a stranger"
NOT_UNDER_WINE = {
    "61 port taken between choice and bind": NO_OWNERS,
    "65 a stranger answers in our place": NO_OWNERS,
    "23 console closed": "Wine ends the process at once and sends no event; only the handler is tried",
    "46 only npm.cmd, an old Node": "there is no Node for Wine; that its absence is told is tested",
    "48 a link to the checkout": "links on a drive lead nowhere there",
    "71 Postgres that hangs": "the server runs beside Wine and cannot be stopped from inside; a refusal is tested",
    "S6 the file's modes": "Wine keeps no access lists that other users would meet; that ours are set is tested",
}
