// Runs inside Thunderbird, with the rights of its own code: what its windows do, without the windows.
// Each command gets values and gives one back, both JSON.

const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { CalDavProvider } = ChromeUtils.importESModule("resource:///modules/CalDavProvider.sys.mjs");
const { CalRecurrenceInfo } = ChromeUtils.importESModule("resource:///modules/CalRecurrenceInfo.sys.mjs");
const { CalTodo } = ChromeUtils.importESModule("resource:///modules/CalTodo.sys.mjs");

const commands = {
  // The password, as if somebody had let it be saved: asking for it would wait for a click.
  async signIn(address, realm, user, password) {
    const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
    login.init(address, null, realm, user, password, "", "");
    await Services.logins.addLoginAsync(login);
  },

  // The window "New Calendar, On the Network": finds the lists, and adds all.
  async discover(address, user, password) {
    const found = await CalDavProvider.detectCalendars(user, password, address, true);
    for (const calendar of found) {
      calendar.setProperty("username", user);
      cal.manager.registerCalendar(calendar);
    }
    return found.map((each) => each.name);
  },

  async forget() {
    cal.manager.getCalendars().filter((each) => each.type === "caldav").forEach((each) => cal.manager.unregisterCalendar(each));
  },

  async state(list) {
    const calendar = named(list);
    return {
      readOnly: calendar.readOnly,
      tasks: calendar.getProperty("capabilities.tasks.supported") !== false,
      events: calendar.getProperty("capabilities.events.supported") !== false,
      status: calendar.getProperty("currentStatus"),
    };
  },

  async refresh(list) {
    named(list).refresh();
  },

  // By title; of several with one title, an open one.
  async tasks(list) {
    const tasks = (await all(list)).sort((a, b) => b.isCompleted - a.isCompleted);
    return Object.fromEntries(tasks.map((each) => [each.title, shown(each)]));
  },

  async add(list, title, due, rule) {
    const task = new CalTodo();
    task.title = title;
    if (due) {
      task.dueDate = moment(due);
    }
    if (rule) {
      task.entryDate = moment(due); // Thunderbird repeats from the start
      task.recurrenceInfo = new CalRecurrenceInfo(task);
      task.recurrenceInfo.appendRecurrenceItem(cal.createRecurrenceRule(`RRULE:${rule}`));
    }
    await named(list).addItem(task);
  },

  async change(list, title, newTitle, due) {
    await change(list, title, (task) => {
      task.title = newTitle;
      task.dueDate = moment(due);
    });
  },

  async complete(list, title) {
    await change(list, title, (task) => {
      task.isCompleted = true;
    });
  },

  // A tick in the list, at the occurrence of that day.
  async completeOccurrence(list, title, due) {
    await change(list, title, (task) => {
      const occurrence = task.recurrenceInfo.getOccurrenceFor(moment(due)).clone();
      occurrence.isCompleted = true;
      task.recurrenceInfo.modifyException(occurrence, true);
    });
  },

  async remove(list, title) {
    await named(list).deleteItem(await task(list, title));
  },
};

// There is also one of Thunderbird's own that is called "Home".
function named(list) {
  return cal.manager.getCalendars().find((each) => each.type === "caldav" && each.name === list);
}

async function all(list) {
  const { ITEM_FILTER_TYPE_TODO, ITEM_FILTER_COMPLETED_ALL } = Ci.calICalendar;
  return named(list).getItemsAsArray(ITEM_FILTER_TYPE_TODO | ITEM_FILTER_COMPLETED_ALL, 0, null, null);
}

async function task(list, title) {
  const found = (await all(list)).filter((each) => each.title === title);
  return found.find((each) => !each.isCompleted) ?? found[0];
}

async function change(list, title, how) {
  const old = await task(list, title);
  const changed = old.clone();
  how(changed);
  await named(list).modifyItem(changed, old);
}

// "2027-07-31" or "2027-07-31 09:00", in Zurich
function moment(due) {
  const digits = due.replaceAll(/[-:]/g, "").replace(" ", "T");
  const when = cal.createDateTime(digits.includes("T") ? `${digits}00` : digits);
  when.timezone = cal.timezoneService.getTimezone("Europe/Zurich");
  return when;
}

function shown(task) {
  const due = task.dueDate?.getInTimezone(cal.timezoneService.getTimezone("Europe/Zurich"));
  const date = due ? `${due.year}-${two(due.month + 1)}-${two(due.day)}` : "";
  const time = due && !due.isDate ? ` ${two(due.hour)}:${two(due.minute)}` : "";
  return { due: date + time, completed: task.isCompleted, description: task.getProperty("DESCRIPTION") ?? "" };
}

function two(number) {
  return String(number).padStart(2, "0");
}

const [name, values, done] = arguments;
commands[name](...values).then((value) => done({ value: value ?? null }), (error) => done({ error: `${error}\n${error.stack}` }));
