//! What changes make of the groups of a switch: worked out from the groups that it has, before anything is sent.

use std::collections::{BTreeMap, BTreeSet};

use crate::openflow::group_entry::{Group, GroupBucket, GroupCommand};
use crate::openflow::group_spec::{BUCKET_FIRST, BUCKET_LAST, BUCKETS_ALL, GroupChange};
use crate::openflow::messages::groups::GROUP_ALL;

/// The groups of a switch by their numbers.
pub(in crate::commands) type Groups = BTreeMap<u32, Group>;

/// What becomes of the groups.
#[derive(Debug, Default)]
pub(in crate::commands) struct GroupPlan {
    /// The groups as they are.
    pub(in crate::commands) before: Groups,
    /// The groups as they will be.
    pub(in crate::commands) after: Groups,
    /// What is sent, in this order.
    pub(in crate::commands) steps: Vec<GroupStep>,
    /// The groups that are named, whether or not something is sent for them.
    pub(in crate::commands) named: BTreeSet<u32>,
}

/// A change that is sent.
#[derive(Debug)]
pub(in crate::commands) struct GroupStep {
    /// The index of the entry that it comes from; `None`: of no entry.
    pub(in crate::commands) entry: Option<usize>,
    pub(in crate::commands) change: GroupChange,
}

/// Why a change cannot be made.
#[derive(Debug)]
pub(in crate::commands) enum Unfit {
    /// A group of this number is there already.
    Exists(u32),
    /// There is no group of this number.
    Absent(u32),
    /// The group has no bucket with this id.
    NoBucket(u32, u32),
    /// The group has a bucket with this id already.
    BucketExists(u32, u32),
}

impl GroupPlan {
    /// A plan that changes nothing.
    pub(in crate::commands) fn new(before: Groups) -> GroupPlan {
        GroupPlan {
            after: before.clone(),
            before,
            ..GroupPlan::default()
        }
    }

    /// Adds a change, which comes after those before.
    ///
    /// # Errors
    ///
    /// It does not fit the groups that there are then.
    pub(super) fn add(&mut self, entry: usize, mut change: GroupChange) -> Result<(), Unfit> {
        let id = change.group.group_id;
        let existing = self.after.get(&id);
        match (change.command, existing) {
            (GroupCommand::Add, Some(_)) => return Err(Unfit::Exists(id)),
            (
                GroupCommand::Modify | GroupCommand::InsertBuckets | GroupCommand::RemoveBuckets,
                None,
            ) => {
                return Err(Unfit::Absent(id));
            }
            (GroupCommand::Delete, None) if id != GROUP_ALL => return Err(Unfit::Absent(id)),
            (GroupCommand::Add | GroupCommand::AddOrModify, None) => {
                change.command = GroupCommand::Add;
                change.group.number_buckets(&[]);
                self.after.insert(id, change.group.clone());
            }
            (GroupCommand::Modify | GroupCommand::AddOrModify, Some(existing)) => {
                change.command = GroupCommand::Modify;
                self.named.insert(id);
                if existing.means_the_same(&change.group) {
                    return Ok(());
                }
                change.group.number_buckets(&[]);
                self.after.insert(id, change.group.clone());
            }
            (GroupCommand::InsertBuckets, Some(existing)) => {
                let after = inserted(existing, &mut change)?;
                self.after.insert(id, after);
            }
            (GroupCommand::RemoveBuckets, Some(existing)) => {
                let after = removed(existing, change.bucket)?;
                self.named.insert(id);
                if after.buckets.len() == existing.buckets.len() {
                    return Ok(());
                }
                self.after.insert(id, after);
            }
            (GroupCommand::Delete, _) if id == GROUP_ALL => {
                self.named.extend(self.after.keys());
                if self.after.is_empty() {
                    return Ok(());
                }
                self.after.clear();
            }
            (GroupCommand::Delete, _) => {
                self.after.remove(&id);
            }
        }
        if id != GROUP_ALL {
            self.named.insert(id);
        }
        let entry = Some(entry);
        self.steps.push(GroupStep { entry, change });
        Ok(())
    }

    /// Makes the groups those of `wanted`, which come with the index of their entry: adds and changes what differs, and
    /// deletes the others. A group that refers to another one comes after it.
    pub(super) fn replace(before: Groups, wanted: &BTreeMap<u32, (usize, Group)>) -> GroupPlan {
        let mut plan = GroupPlan::new(before);
        let gone: Vec<u32> = plan
            .before
            .keys()
            .filter(|id| !wanted.contains_key(id))
            .copied()
            .collect();
        for id in in_order(wanted) {
            let Some((entry, group)) = wanted.get(&id) else {
                continue;
            };
            let change = GroupChange {
                command: GroupCommand::AddOrModify,
                group: group.clone(),
                bucket: None,
                warnings: Vec::new(),
            };
            // It fits, whether the group is there or not.
            let _ = plan.add(*entry, change);
        }
        for id in gone {
            if let Some(group) = plan.after.remove(&id) {
                plan.named.insert(id);
                let group = Group::new(id, 0, group.version);
                let change = GroupChange {
                    command: GroupCommand::Delete,
                    group,
                    bucket: None,
                    warnings: Vec::new(),
                };
                let entry = None;
                plan.steps.push(GroupStep { entry, change });
            }
        }
        plan
    }

    /// The groups that are not there before, but after.
    pub(super) fn added(&self) -> impl Iterator<Item = u32> {
        let is_new = |id: &&u32| !self.before.contains_key(*id);
        self.after.keys().filter(is_new).copied()
    }

    /// The groups that are not there after, but before.
    pub(super) fn removed(&self) -> impl Iterator<Item = u32> {
        let is_gone = |id: &&u32| !self.after.contains_key(*id);
        self.before.keys().filter(is_gone).copied()
    }

    /// The groups that are there before and after, and differ.
    pub(super) fn modified(&self) -> impl Iterator<Item = u32> {
        let differs = |(id, after): (&u32, &Group)| {
            let before = self.before.get(id)?;
            (!before.means_the_same(after)).then_some(*id)
        };
        self.after.iter().filter_map(differs)
    }

    /// The groups that are named, and stay as they are.
    pub(super) fn unchanged(&self) -> impl Iterator<Item = u32> {
        let stays = |id: &&u32| match (self.before.get(*id), self.after.get(*id)) {
            (Some(before), Some(after)) => before.means_the_same(after),
            _ => false,
        };
        self.named.iter().filter(stays).copied()
    }
}

/// The group after buckets were inserted. They are given ids that the group does not have.
fn inserted(existing: &Group, change: &mut GroupChange) -> Result<Group, Unfit> {
    let id = existing.group_id;
    let ids: Vec<u32> = existing
        .buckets
        .iter()
        .filter_map(|bucket| bucket.bucket_id)
        .collect();
    for bucket in change
        .group
        .buckets
        .iter()
        .filter_map(|bucket| bucket.bucket_id)
    {
        if ids.contains(&bucket) {
            return Err(Unfit::BucketExists(id, bucket));
        }
    }
    change.group.number_buckets(&ids);
    let place = match change.bucket {
        Some(BUCKET_FIRST) => 0,
        Some(BUCKET_LAST) | None => existing.buckets.len(),
        Some(bucket) => place_of(existing, bucket)? + 1,
    };
    let mut after = existing.clone();
    after
        .buckets
        .splice(place..place, change.group.buckets.iter().cloned());
    Ok(after)
}

/// The group after a bucket was removed, or all.
fn removed(existing: &Group, bucket: Option<u32>) -> Result<Group, Unfit> {
    let mut after = existing.clone();
    match bucket {
        None | Some(BUCKETS_ALL) => after.buckets.clear(),
        Some(BUCKET_FIRST) => drop(after.buckets.drain(..after.buckets.len().min(1))),
        Some(BUCKET_LAST) => drop(after.buckets.pop()),
        Some(bucket) => drop(after.buckets.remove(place_of(existing, bucket)?)),
    }
    Ok(after)
}

fn place_of(group: &Group, id: u32) -> Result<usize, Unfit> {
    let is_it = |bucket: &GroupBucket| bucket.bucket_id == Some(id);
    let place = group.buckets.iter().position(is_it);
    place.ok_or(Unfit::NoBucket(group.group_id, id))
}

/// The numbers of the groups, each after those that it refers to; in a circle of references by number.
fn in_order(wanted: &BTreeMap<u32, (usize, Group)>) -> Vec<u32> {
    let mut ordered = Vec::with_capacity(wanted.len());
    let mut seen = BTreeSet::new();
    for start in wanted.keys() {
        // Each entry: a group, and whether the groups that it refers to are placed.
        let mut pending = vec![(*start, false)];
        while let Some((id, is_ready)) = pending.pop() {
            if is_ready {
                ordered.push(id);
            } else if let Some((_, group)) = wanted.get(&id)
                && seen.insert(id)
            {
                pending.push((id, true));
                let used = group.groups_used().into_iter();
                pending.extend(used.rev().map(|used| (used, false)));
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openflow::text::NoNames;
    use crate::openflow::version::Version;

    fn group(text: &str) -> Group {
        let change = GroupChange::parse(text, GroupCommand::Add, &NoNames, Version::V15);
        change.unwrap().group
    }

    fn wanted(texts: &[&str]) -> BTreeMap<u32, (usize, Group)> {
        let groups = texts.iter().enumerate();
        let groups = groups.map(|(entry, text)| (entry, group(text)));
        groups
            .map(|(entry, group)| (group.group_id, (entry, group)))
            .collect()
    }

    fn commands(plan: &GroupPlan) -> Vec<(GroupCommand, u32)> {
        let steps = plan.steps.iter();
        steps
            .map(|step| (step.change.command, step.change.group.group_id))
            .collect()
    }

    #[test]
    fn referred_groups_come_first_and_circles_end() {
        let wanted = wanted(&[
            "group_id=1,type=all,bucket=group:3",
            "group_id=2,type=ff,bucket=watch_group:1,drop",
            "group_id=3,type=all,bucket=clone(group:4)",
            "group_id=4,type=all,bucket=group:1,group:9",
        ]);
        assert_eq!(in_order(&wanted), [4, 3, 1, 2]);
    }

    #[test]
    fn a_second_replacement_changes_nothing() {
        let texts = [
            "group_id=1,type=select,bucket=weight:1,output:1,bucket=output:2",
            "group_id=2,type=all,bucket=mod_vlan_vid:7,output:1",
        ];
        let before = BTreeMap::from([
            (3, group("group_id=3,type=all")),
            (2, group("group_id=2,type=all")),
        ]);
        let plan = GroupPlan::replace(before, &wanted(&texts));
        let expected = [
            (GroupCommand::Add, 1),
            (GroupCommand::Modify, 2),
            (GroupCommand::Delete, 3),
        ];
        assert_eq!(commands(&plan), expected);
        let again = GroupPlan::replace(
            plan.after,
            &wanted(&[
                "group_id=2,type=all,bucket=bucket_id:0,actions=push_vlan:0x8100,set_field:4103->vlan_vid,output:1",
                texts[0],
            ]),
        );
        assert_eq!(commands(&again), []);
        assert_eq!(again.unchanged().collect::<Vec<_>>(), [1, 2]);
    }
}
