//! One connection to a stub: requests one after the other, each answered, or not, as the script says.

use std::future::pending;
use std::sync::Arc;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::behaviour::Behaviour;
use super::reply::Reply;
use super::{Request, State};

/// Serves a connection until either side ends it.
pub(super) async fn converse(stream: TcpStream, state: Arc<State>) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = Request::read(&mut stream).await {
        let behaviour = state.receive(request);
        if !perform(behaviour, stream.get_mut()).await {
            return;
        }
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
        Behaviour::Stall => pending().await,
        Behaviour::Reset => {
            stream.set_zero_linger().expect("a TCP stream can be told to reset");
            false
        }
        Behaviour::Close => false,
    }
}

/// The proxy may have gone already; that is its right.
async fn answer(reply: &Reply, stream: &mut TcpStream) -> bool {
    stream.write_all(&reply.to_bytes()).await.is_ok()
}
