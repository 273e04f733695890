/* The handlers, one file per resource. docs/openapi.yaml says what each takes and gives. */
#ifndef HTTP_API_H
#define HTTP_API_H

#include "http/reply.h"
#include "http/request.h"
#include "http/route.h"

int api_health(struct request *request, struct err *err);

/* api_check.c */
int api_check(struct request *request, struct err *err);
int api_check_stream(struct request *request, struct err *err);
int api_check_socket(struct request *request, struct err *err);

/* api_session.c */
int api_session_sign_in(struct request *request, struct err *err);
int api_session_join(struct request *request, struct err *err);
int api_session_get(struct request *request, struct err *err);
int api_session_patch(struct request *request, struct err *err);
int api_session_delete(struct request *request, struct err *err);
/* The name of the cookie, which depends on TLS. */
const char *session_cookie(const struct server *server);
/* "en" or "ja", of whoever asks. */
void session_language(const struct request *request, char language[3]);

/* api_host.c */
int api_host(struct request *request, struct err *err);
int api_host_doctor(struct request *request, struct err *err);
int api_stats(struct request *request, struct err *err);

/* api_setting.c */
int api_site(struct request *request, struct err *err);
int api_settings(struct request *request, struct err *err);
int api_settings_patch(struct request *request, struct err *err);

/* api_account.c */
int api_accounts(struct request *request, struct err *err);
int api_account_patch(struct request *request, struct err *err);
int api_account_put(struct request *request, struct err *err);
int api_account_delete(struct request *request, struct err *err);
int api_account_password(struct request *request, struct err *err);
int api_account_sessions(struct request *request, struct err *err);
int api_account_sign_out(struct request *request, struct err *err);

/* api_organisation.c */
int api_organisations(struct request *request, struct err *err);
int api_organisation_post(struct request *request, struct err *err);
int api_organisation_patch(struct request *request, struct err *err);
int api_organisation_delete(struct request *request, struct err *err);
int api_organisation_merge(struct request *request, struct err *err);

/* api_audit.c */
int api_audit(struct request *request, struct err *err);
int api_audit_verify(struct request *request, struct err *err);
int api_audit_forget(struct request *request, struct err *err);
int api_backup(struct request *request, struct err *err);
int api_restore(struct request *request, struct err *err);

/* api_course.c */
int api_courses(struct request *request, struct err *err);
int api_course_problems(struct request *request, struct err *err);
int api_course_capacity(struct request *request, struct err *err);
int api_class_capacity(struct request *request, struct err *err);
int api_images(struct request *request, struct err *err);
int api_image(struct request *request, struct err *err);
int api_image_delete(struct request *request, struct err *err);
int api_image_build(struct request *request, struct err *err);
int api_image_log(struct request *request, struct err *err);
int api_templates(struct request *request, struct err *err);
int api_course_bake(struct request *request, struct err *err);
int api_works(struct request *request, struct err *err);
int api_work(struct request *request, struct err *err);

/* api_trial.c */
int api_trial_post(struct request *request, struct err *err);
int api_trial_get(struct request *request, struct err *err);
int api_trial_delete(struct request *request, struct err *err);
int api_trial_reload(struct request *request, struct err *err);
int api_trial_solve(struct request *request, struct err *err);

/* api_proof.c */
int api_course_proof_get(struct request *request, struct err *err);
int api_course_proof_delete(struct request *request, struct err *err);
int api_course_proof_post(struct request *request, struct err *err);

/* api_pack.c */
int api_packs(struct request *request, struct err *err);
int api_pack_import(struct request *request, struct err *err);
int api_pack_export(struct request *request, struct err *err);
int api_pack_get(struct request *request, struct err *err);
int api_pack_lab(struct request *request, struct err *err);
int api_pack_activate(struct request *request, struct err *err);
int api_pack_remove(struct request *request, struct err *err);

/* api_roster.c */
int api_roster_preview(struct request *request, struct err *err);

/* api_cards.c */
int api_class_codes(struct request *request, struct err *err);
int api_class_entrance(struct request *request, struct err *err);
int api_class_cards(struct request *request, struct err *err);

/* api_class.c */
int api_classes(struct request *request, struct err *err);
int api_class_post(struct request *request, struct err *err);
int api_class_get(struct request *request, struct err *err);
int api_class_patch(struct request *request, struct err *err);
int api_class_delete(struct request *request, struct err *err);
int api_class_launch(struct request *request, struct err *err);
int api_class_prepare(struct request *request, struct err *err);
int api_class_open(struct request *request, struct err *err);
int api_class_freeze(struct request *request, struct err *err);
int api_class_resume(struct request *request, struct err *err);
int api_class_schedule(struct request *request, struct err *err);
int api_class_extend(struct request *request, struct err *err);
int api_class_pause(struct request *request, struct err *err);
int api_class_continue(struct request *request, struct err *err);
int api_class_close(struct request *request, struct err *err);
int api_class_catch_up(struct request *request, struct err *err);
int api_class_open_lab(struct request *request, struct err *err);
int api_class_activity(struct request *request, struct err *err);

/* api_staff.c */
int api_staff_get(struct request *request, struct err *err);
int api_staff_put(struct request *request, struct err *err);
int api_staff_delete(struct request *request, struct err *err);

/* api_message.c */
int api_class_messages(struct request *request, struct err *err);
int api_class_message_post(struct request *request, struct err *err);
int api_seat_message_post(struct request *request, struct err *err);
int api_message_delete(struct request *request, struct err *err);
int api_message_read(struct request *request, struct err *err);

/* api_results.c */
int api_results(struct request *request, struct err *err);
int api_class_results(struct request *request, struct err *err);
int api_class_results_csv(struct request *request, struct err *err);

/* api_certificate.c */
int api_certificates_get(struct request *request, struct err *err);
int api_certificates_post(struct request *request, struct err *err);
int api_certificate_delete(struct request *request, struct err *err);
int api_certificate_get(struct request *request, struct err *err);
int api_class_retention(struct request *request, struct err *err);

/* api_seat.c */
int api_seat_get(struct request *request, struct err *err);
int api_seat_patch(struct request *request, struct err *err);
int api_seat_reset(struct request *request, struct err *err);
int api_seat_power(struct request *request, struct err *err);
int api_seat_hand(struct request *request, struct err *err);
int api_seat_catch_up(struct request *request, struct err *err);
int api_seat_join_link(struct request *request, struct err *err);
int api_seat_ssh(struct request *request, struct err *err);

/* api_seat_key.c */
int api_seat_keys(struct request *request, struct err *err);
int api_seat_key_post(struct request *request, struct err *err);
int api_seat_key_delete(struct request *request, struct err *err);

/* api_lab.c */
int api_seat_attempts(struct request *request, struct err *err);
int api_seat_workspace(struct request *request, struct err *err);
int api_lab_get(struct request *request, struct err *err);
int api_lab_open(struct request *request, struct err *err);
int api_task_check(struct request *request, struct err *err);
int api_task_hint(struct request *request, struct err *err);

/* sse.c, terminal_ws.c, terminal_http.c */
int api_events(struct request *request, struct err *err);
int api_terminal(struct request *request, struct err *err);
int api_terminal_output(struct request *request, struct err *err);
int api_terminal_input(struct request *request, struct err *err);

/* static.c: whatever is not the API. */
struct files *files_new(const char *directory);
void files_free(struct files *files);
int files_serve(struct request *request, const char *path, const char *method, struct err *err);

#endif
