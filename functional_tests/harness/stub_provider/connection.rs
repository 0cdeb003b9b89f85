//! One connection to a stub: requests one after the other, each answered, or not, as the script says.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::behaviour::Behaviour;
use super::reply::Reply;
use super::request::Request;
use super::state::State;
use super::{request_peek, step};

/// Serves a connection until either side ends it.
pub(super) async fn converse(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    for before in 0.. {
        if !is_read(stream.get_mut(), before, &state).await {
            return;
        }
        let Some(request) = Request::read(&mut stream).await else { return };
        let _pending = state.probes.enter(request.is_probe());
        let behaviour = state.receive(request);
        if !perform(behaviour, stream.get_mut()).await {
            return;
        }
    }
}

/// Is the next request to be read? If not, something else has been done with it.
async fn is_read(stream: &mut TcpStream, before: usize, state: &State) -> bool {
    let Some(gatekeeper) = &state.gatekeeper else { return true };
    match request_peek::look(stream, before, gatekeeper).await {
        Some(steps) if steps.is_empty() => true,
        Some(steps) => step::walk(&steps, stream).await,
        None => false,
    }
}

/// Does it, and says whether the connection goes on.
async fn perform(behaviour: Behaviour, stream: &mut TcpStream) -> bool {
    match behaviour {
        Behaviour::Answer(reply) => answer(&reply, stream).await,
        Behaviour::AnswerBehind(gate, reply) => {
            gate.passed().await;
            answer(&reply, stream).await
        }
        Behaviour::AnswerAfter(delay, reply) => {
            sleep(delay).await;
            answer(&reply, stream).await
        }
        // Until the other side gives up; whatever else it sends is not read as a request.
        Behaviour::Stall => {
            while stream.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {}
            false
        }
        Behaviour::Reset => {
            stream.set_zero_linger().expect("a TCP stream can be told to reset");
            false
        }
        Behaviour::Close => false,
        Behaviour::Steps(steps) => step::walk(&steps, stream).await,
    }
}

/// The proxy may have gone already; that is its right.
async fn answer(reply: &Reply, stream: &mut TcpStream) -> bool {
    stream.write_all(&reply.to_bytes()).await.is_ok()
}
