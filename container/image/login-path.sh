# A login shell starts from the distribution's PATH and would lose the folders that the image put there.
if [ -n "${AGENT_HUB_PATH:-}" ]; then
    case ":$PATH:" in
    *":$AGENT_HUB_PATH:"*) ;;
    *) PATH=$AGENT_HUB_PATH:$PATH ;;
    esac
fi
