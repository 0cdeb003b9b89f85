//! What is claimed, and when: as much as there is room for, of the route sets that have an upstream which takes mail now.
//!
//! While no upstream takes mail the store is not asked at all, unless mail may go to its recipients' own servers. Each set gets
//! its turn, so that none waits behind another's backlog; what one claim brought has its places before the next one asks what
//! is free. A claim has no time limit but the store's own: rows that were claimed unheard would stay with this node.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::Failed;
use super::super::bound::Bound;
use super::super::claim::{Claimed, Queued, Wanted};
use super::super::row::{Lane, RouteSet};
use super::callers::Allowance;
use super::context::{Context, MAX_ROWS, POLL};
use super::delivery::{deliver, replay};
use super::direct::claims::Turns;
use super::direct::split;
use super::lanes::Lanes;
use super::newest::Newest;
use super::panicking::or_released;
use super::pending::Claim;
use super::traced::{self, Taken};
use super::windows::Free;
use crate::delivery::dispatch::Room;

/// Between two looks for mails to replay.
const REPLAYS: Duration = Duration::from_secs(5);

/// What callers may claim.
#[derive(Clone, Copy, Debug)]
enum Share {
    /// Up to half of the windows for each.
    Half,
    /// What the callers that have less than half do not want. One place stays free, so that a caller whose first mail comes
    /// does not wait for the end of another's.
    Unwanted,
}

impl Share {
    fn places(self, Free { windows, places }: Free) -> usize {
        match self {
            Self::Half => places,
            Self::Unwanted => places.saturating_sub(usize::from(windows > 1)),
        }
    }
}

/// The claims of this node.
pub(super) struct Claims {
    context: Arc<Context>,
    lanes: Lanes,
    newest: Newest,
    /// Which set comes first.
    turn: usize,
    replayed: Option<Instant>,
    /// Has a row that was lost before its turn, if there is one? Each second claim is one of other rows.
    turn_of_lost: bool,
    turns_of_parts: Turns,
}

impl Claims {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            lanes: Lanes::default(),
            newest: Newest::default(),
            turn: 0,
            replayed: None,
            turn_of_lost: true,
            turns_of_parts: Turns::default(),
        }
    }

    /// Claims what there is room for, and begins with it. How long there is nothing more to do, unless something happens.
    pub(super) async fn step(&mut self) -> Duration {
        if !self.context.may_work() {
            return POLL;
        }
        // Other servers than those of upstreams may take mail at any time.
        if let (Some(wait), None) = (self.until_upstreams(), &self.context.parts.direct) {
            return wait;
        }
        // A store that does not answer is asked again later.
        let _ = self.claim_from_each_set().await;
        let _ = self.replay().await;
        if let Some(delivery) = &self.context.parts.direct {
            let _ = self.turns_of_parts.claim(&self.context, delivery).await;
        }
        POLL
    }

    /// How long no upstream takes mail; none: one does.
    fn until_upstreams(&self) -> Option<Duration> {
        let dispatcher = &self.context.parts.dispatcher;
        if let Some(wait) = dispatcher.until_usable().filter(|wait| !wait.is_zero()) {
            return Some(wait);
        }
        let rooms = dispatcher.rooms();
        let free = self.context.windows.free(rooms.iter().map(|room| &*room.upstream), &rooms);
        (free.places == 0).then_some(POLL)
    }

    /// A set whose claim fails does not keep the others from their turn.
    async fn claim_from_each_set(&mut self) -> Result<(), Failed> {
        let mut sets = self.context.parts.store.route_sets().await?;
        self.turn = self.turn.wrapping_add(1);
        if !sets.is_empty() {
            let first = self.turn % sets.len();
            sets.rotate_left(first);
        }
        let mut done = Ok(());
        for set in sets {
            done = done.and(self.claim_from(&set).await);
        }
        done
    }

    /// No more rows than were free at first: other sets wait too. Callers that have their half get more once no other caller
    /// has a row that is due. A caller that is alone needs no halves, which would take a claim each.
    async fn claim_from(&mut self, queued: &Queued) -> Result<(), Failed> {
        let (set, mut left) = (&queued.set, self.free(&queued.set).places);
        if queued.is_of_one_caller {
            return self.claim_share(queued, Share::Unwanted, &mut left).await.map(drop);
        }
        while self.claim_share(queued, Share::Half, &mut left).await? > 0 && self.has_callers_with_half(set) {}
        if self.has_callers_with_half(set) {
            self.claim_share(queued, Share::Unwanted, &mut left).await?;
        }
        Ok(())
    }

    /// How many rows it has claimed, of those that were `left` to claim. Lanes without a row have no part of them.
    async fn claim_share(&mut self, queued: &Queued, share: Share, left: &mut usize) -> Result<usize, Failed> {
        let (mut may_have, mut may_be_lost, before, set) = (queued.lanes, true, *left, &queued.set);
        while (may_have.contains(&true) || may_be_lost) && self.context.may_work() {
            let free = self.free(set);
            let rows = share.places(free).min(*left).min(MAX_ROWS);
            if rows == 0 || self.context.in_hand.left() == 0 {
                break;
            }
            let of_lane = self.lanes.share(rows, may_have);
            let allowance = match share {
                Share::Half => self.context.callers.allowance(set, free.windows),
                Share::Unwanted => Allowance { of_caller: rows, without: Vec::new() },
            };
            let lost = may_be_lost && (self.turn_of_lost || !may_have.contains(&true));
            let wanted = Wanted { lost, ..self.wanted(set, of_lane, allowance) };
            let asked = Instant::now();
            let claimed = self.context.parts.store.claim(self.context.parts.node, &wanted).await?;
            let taken = Taken::by("claim", asked);
            *left -= claimed.len().min(*left);
            self.turn_of_lost = !claimed.iter().any(|row| row.was_lost);
            if self.turn_of_lost {
                self.newest.claimed(wanted.newest_of_four, claimed.len());
                may_be_lost &= !lost;
                for (place, lane) in Lane::ALL.iter().enumerate() {
                    let got = claimed.iter().filter(|row| row.lane == *lane).count();
                    may_have[place] &= got >= of_lane[place];
                }
            }
            self.begin(claimed, taken).await;
        }
        Ok(before - *left)
    }

    fn has_callers_with_half(&self, set: &RouteSet) -> bool {
        !self.context.callers.allowance(set, self.free(set).windows).without.is_empty()
    }

    fn wanted(&self, set: &RouteSet, of_lane: [usize; Lane::ALL.len()], allowance: Allowance) -> Wanted {
        let Allowance { of_caller, without } = allowance;
        let (sets, bytes) = (vec![set.clone()], self.context.in_hand.left());
        let newest_of_four = self.newest.of_four(of_lane.iter().sum());
        Wanted { sets, of_lane, of_caller, bytes, without, newest_of_four, lost: false }
    }

    fn free(&self, set: &RouteSet) -> Free {
        let by_windows = || self.context.windows.free(set.names(), &self.context.parts.dispatcher.rooms());
        split::free(&self.context, set).unwrap_or_else(by_windows)
    }

    async fn begin(&self, claimed: Vec<Claimed>, taken: Taken) {
        let claim = Claim::new();
        for row in claimed {
            let (context, hold) = (Arc::clone(&self.context), row.hold);
            let told = traced::begin(&context, taken, row.id, &row.caller);
            let work = deliver(Arc::clone(&context), row, claim.row());
            self.context.parts.drain.spawn(traced::within(told, or_released(context, hold, work)));
        }
        claim.all_placed().await;
    }

    /// Looks for mails that may be replayed, where that can bring clarity.
    async fn replay(&mut self) -> Result<(), Failed> {
        if self.replayed.is_some_and(|replayed| replayed.elapsed() < REPLAYS) {
            return Ok(());
        }
        self.replayed = Some(Instant::now());
        for Room { upstream, .. } in self.context.parts.dispatcher.rooms().into_iter().filter(|room| room.takes_once) {
            let free = self.free(&RouteSet::new([&*upstream])).places;
            let bound = Bound { rows: free.min(MAX_ROWS), bytes: self.context.in_hand.left() };
            if bound.rows == 0 || bound.bytes == 0 {
                continue;
            }
            let asked = Instant::now();
            let marked = self.context.parts.store.replay(self.context.parts.node, &upstream, bound).await?;
            let taken = Taken::by("replay", asked);
            let claim = Claim::new();
            for row in marked {
                let (context, hold) = (Arc::clone(&self.context), row.hold);
                let told = traced::begin(&context, taken, row.id, &row.caller);
                let work = replay(Arc::clone(&context), row, Arc::clone(&upstream), claim.row());
                self.context.parts.drain.spawn(traced::within(told, or_released(context, hold, work)));
            }
            claim.all_placed().await;
        }
        Ok(())
    }
}
