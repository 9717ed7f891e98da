// A profile that asks nothing at its start and tells nobody that it runs.
user_pref("app.update.enabled", false);
user_pref("calendar.timezone.local", "Europe/Zurich");
user_pref("calendar.timezone.useSystemTimezone", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("mail.provider.suppress_dialog_on_startup", true);
user_pref("mail.shell.checkDefaultClient", false);
user_pref("mailnews.start_page.enabled", false);
user_pref("toolkit.telemetry.enabled", false);
