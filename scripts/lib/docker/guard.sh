# Lives outside of the private daemon's namespaces: holds the lock while they last, and cleans up after them.
#   sh guard.sh LOCK RUN_FOLDER CGROUP PROGRAM…
# Ends with 75 if another holds the lock.
set -u
lock=$1 run=$2 cgroup=$3
shift 3

# Inherited by what is started below: free when all of that is gone, not before.
exec 9>"$lock"
flock --nonblock 9 || exit 75

# Killed processes take a moment to leave their control groups.
clean() {
  rm -rf -- "$run"
  for parent in /sys/fs/cgroup/"$cgroup" /sys/fs/cgroup/*/"$cgroup"; do
    tries=0
    while [ -d "$parent" ] && [ "$tries" -lt 50 ]; do
      find "$parent" -depth -type d -exec rmdir {} + 2>/dev/null
      tries=$((tries + 1))
      [ ! -d "$parent" ] || sleep 0.1
    done
  done
}

# Of a daemon whose guard was killed, too.
clean
mkdir -m 750 "$run" || exit 1
# Mounts of the machine reach the daemon; those of the daemon stay its own.
# Process 1 is a shell: it takes over the orphans of all others and reaps them. dockerd takes a dead containerd that nobody
# has reaped for a living one.
unshare --pid --mount --propagation slave --mount-proc --fork --kill-child -- sh -c '"$@"; exit $?' sh "$@"
status=$?
clean
exit "$status"
