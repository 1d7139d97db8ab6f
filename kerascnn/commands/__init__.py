"""What each verb of the command line does: functions that print, and give back the exit code. `verbs` declares them."""
